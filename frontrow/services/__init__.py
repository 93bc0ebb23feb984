"""The services. Each is a flat folder; none imports another."""
