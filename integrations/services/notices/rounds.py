"""Send, look and plan in turn; what fails in one keeps no other from its work."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from django.core.cache import cache
from django.utils import timezone

from integrations.services.notices import sending, watch
from integrations.services.notices.following import digests, leavers

logger = logging.getLogger(__name__)

TURN = "notices:turn"
# A worker that died lets the next one look after this long; a longer round has
# another one beside it.
TURN_SECONDS = 20


def take_turn() -> bool:
    """Make a round unless another worker is at it; return whether one was made.

    A hint that saves work: rounds that overlap are kept apart by their rows.
    """
    own = uuid4().hex
    if not cache.add(TURN, own, TURN_SECONDS):
        return False
    try:
        run()
    finally:
        # A round that took longer than its turn leaves the next one's alone.
        if cache.get(TURN) == own:
            cache.delete(TURN)
    return True


def run() -> int:
    """Make one round, and return how many messages were sent.

    What is due already is sent first: nobody waits for what looking may meet.
    """
    sent = _guarded("send", sending.send_due)
    _guarded("look at the site", watch.watch_site)
    _guarded("look at connections", watch.watch_connections)
    _guarded("remember views", _remember_views)
    _guarded("plan", digests.plan_due)
    return sent + _guarded("send", sending.send_due)


def _remember_views(*, now: datetime) -> None:
    """Remember views as they are, whenever that is."""
    leavers.begin_missing()


def _guarded(name: str, step: Callable[..., int | None]) -> int:
    """Take a step, by the time it is then: the one before may have taken long."""
    try:
        return step(now=timezone.now()) or 0
    except Exception:
        # Whatever it is, the next round tries it again, and the others are not held up.
        logger.exception("notices step failed step=%s", name)
        return 0
