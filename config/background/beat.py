"""Beat, which a signal ends wherever it finds it."""

from typing import NoReturn

from celery import beat, platforms
from celery.apps.beat import Beat as UpstreamBeat


class Beat(UpstreamBeat):
    """Celery's beat, but that a signal does no more than leave it.

    Celery's own handler stores the schedule at once. In the middle of another
    statement that waits for a lock that is held below it; while the schedule is read
    for the first time, it reads another one by a connection that is half closed, fails,
    and is not heard. Behind the loop it is stored anyway.
    """

    def install_sync_handler(self, _service: beat.Service) -> None:
        """Have signals end the loop, or the reading of the schedule before it."""
        platforms.signals.update(SIGTERM=_leave, SIGINT=_leave)


def _leave(_number: int, _frame: object) -> NoReturn:
    raise SystemExit
