"""The embedded Frontrow, seen from outside: its processes, its PostgreSQL, how it starts and stops."""
