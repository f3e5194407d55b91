"""Processes of a site that is spread over machines, and how many of each."""

from typing import Final

from msgspec import Struct

from config.background.queues import WORKERS

PORT: Final = 8000
CELERY: Final = ("celery", "-A", "config")


class Process(Struct, frozen=True, kw_only=True):
    """Process of ours: its command, and how many of it a small cluster runs."""

    name: str
    command: tuple[str, ...]
    replicas: int = 1


MIGRATE: Final = Process(
    name="migrate", command=("python", "manage.py", "migrate", "--noinput")
)
WEB: Final = Process(
    name="web",
    command=(
        *("gunicorn", "-c", "config/gunicorn.conf.py", "config.wsgi"),
        *("--bind", f"0.0.0.0:{PORT}"),
    ),
    replicas=2,
)
PROCESSES: Final = (
    WEB,
    *(
        Process(
            name=f"worker-{queue}",
            command=(*CELERY, "worker", *options, "--hostname", f"{queue}@%h"),
            replicas=2 if queue == "refresh" else 1,
        )
        for queue, options in WORKERS.items()
    ),
    Process(name="beat", command=(*CELERY, "beat", "--pidfile=")),
    # Tells operators also when beat, its worker or the broker is gone.
    Process(
        name="notices", command=("python", "manage.py", "notices", "--every", "15")
    ),
)
