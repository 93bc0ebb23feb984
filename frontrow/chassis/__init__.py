"""What every service is bolted onto. Knows no word of the domain and imports no service."""
