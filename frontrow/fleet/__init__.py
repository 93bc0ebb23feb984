"""Six services and the pages behind a gateway as plain processes of one machine: what `make services` runs.

`topology` is the map: which programs, after which others, with which settings. Nothing here imports Django or
a service, so that the supervisor stays small.
"""
