"""Queues of the background work: each has a worker process and a heartbeat."""

# Separate, so that bulk work never delays a refresh or somebody who waits.
QUEUES = ("refresh", "interactive", "sync")

# A sync mostly waits, for answers and for the provider's limits, and a waiting thread
# costs next to nothing. A refresh is short, and Celery can bound it in a process only.
WORKERS = {
    "refresh": ("-Q", "refresh", "--pool", "prefork", "--concurrency", "2"),
    "interactive": ("-Q", "interactive", "--pool", "threads", "--concurrency", "32"),
    "sync": ("-Q", "sync", "--pool", "threads", "--concurrency", "32"),
}
