"""Queues of the background work: each has a worker process and a heartbeat."""

# Separate, so that bulk work never delays a refresh or somebody who waits.
QUEUES = ("refresh", "interactive", "sync")
