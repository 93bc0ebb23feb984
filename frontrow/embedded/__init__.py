"""Everything in one process, with a PostgreSQL of its own: what `make up` runs.

Nothing here imports Django or a service, so that the supervisor stays small.
"""
