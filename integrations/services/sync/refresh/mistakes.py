"""Count the rows of a listing that a mistake of ours kept from being read."""

import logging
import secrets
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from integrations.models.reasons import Reason, ReasonCode
from integrations.providers.kinds import Cut
from integrations.providers.mistakes import Mistake

logger = logging.getLogger(__name__)


class Mistakes(Struct, frozen=True, kw_only=True):
    """How many rows we failed to map, and where we did so first."""

    count: int
    reference: str
    origin: str


def add(known: Mistakes | None, new: Sequence[Mistake]) -> Mistakes | None:
    """Add to those that are known, under the reference of the first."""
    if not new:
        return known
    count = len(new) + (known.count if known else 0)
    if known is not None:
        return replace(known, count=count)
    reference, origin = secrets.token_hex(4), str(new[0])
    logger.error("row not mapped reference=%s error=%s", reference, origin)
    return Mistakes(count=count, reference=reference, origin=origin)


def cut_reason(cut: Cut) -> Reason:
    """Return why some values are kept in part."""
    return Reason.of(ReasonCode(cut.kind.value), number=cut.number)


def unreadable_reason(unreadable: int, mistakes: Mistakes | None) -> Reason | None:
    """Return why some items are missing, None when none are."""
    if not unreadable:
        return None
    if mistakes is None:
        return Reason.of(ReasonCode.UNREADABLE_ITEMS, count=unreadable)
    return Reason.of(
        ReasonCode.CONNECTOR_ERROR,
        count=unreadable,
        mistakes=mistakes.count,
        reference=mistakes.reference,
        origin=mistakes.origin,
    )
