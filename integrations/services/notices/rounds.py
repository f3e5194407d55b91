"""Send, look and plan in turn; what fails in one keeps no other from its work."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.core.cache import cache
from django.utils import timezone

from integrations.services.notices import digests, sending, watch

logger = logging.getLogger(__name__)

TURN = "notices:turn"
# A worker that died lets the next one look after this long.
TURN_SECONDS = 120


def take_turn() -> bool:
    """Make a round unless another worker is at it; return whether one was made."""
    if not cache.add(TURN, 1, TURN_SECONDS):
        return False
    try:
        run()
    finally:
        cache.delete(TURN)
    return True


def run(*, now: datetime | None = None) -> int:
    """Make one round, and return how many messages were sent.

    What is due already is sent first: nobody waits for what looking may meet.
    """
    now = now or timezone.now()
    sent = _guarded("send", partial(sending.send_due, now=now))
    _guarded("look at the site", partial(watch.watch_site, now=now))
    _guarded("look at connections", partial(watch.watch_connections, now=now))
    _guarded("plan", partial(digests.plan_due, now=now))
    return sent + _guarded("send", partial(sending.send_due, now=now))


def _guarded(name: str, step: Callable[[], int | None]) -> int:
    try:
        return step() or 0
    except Exception:
        # Whatever it is, the next round tries it again, and the others are not held up.
        logger.exception("notices step failed step=%s", name)
        return 0
