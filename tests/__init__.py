"""What spans services; each service's own tests lie in its folder."""
