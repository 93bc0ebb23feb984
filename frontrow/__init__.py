"""Frontrow: event booking that never lies about a ticket."""
