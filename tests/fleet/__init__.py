"""The services as processes of one machine: how they are supervised, and what separates them."""
