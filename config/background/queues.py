"""Queues of the background work, each with a heartbeat, and who takes from them."""

# Separate, so that bulk work never delays a refresh or somebody who waits. Beat's
# light tasks wait behind none of them: a worker takes from its queues in turn.
QUEUES = ("ticks", "refresh", "interactive", "sync")

# A sync mostly waits, for answers and for the provider's limits, and a waiting thread
# costs next to nothing. A refresh is short, and Celery can bound it in a process only.
WORKERS = {
    "refresh": ("-Q", "refresh", "--pool", "prefork", "--concurrency", "2"),
    "interactive": (
        "-Q",
        "interactive,ticks",
        "--pool",
        "threads",
        "--concurrency",
        "32",
    ),
    "sync": ("-Q", "sync,ticks", "--pool", "threads", "--concurrency", "32"),
}
