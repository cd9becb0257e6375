"""The realtime service holds the sockets of iPads, kitchen displays and dashboards.

It owns no business state: the outbox of the owning service is the log of record, JetStream a fast copy, a
process a cache. It consumes every service's events by one core NATS subscription, asks owners for what is
older, and publishes nothing but notes between its own pods. A device that applied event ``s`` never misses
``s + 1``.
"""
