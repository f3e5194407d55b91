"""Notice which items a followed view shows no more, by what it showed before."""

import json
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import Final

from django.contrib.auth.models import User
from django.db.models import QuerySet
from msgspec import Struct, field

from integrations.models import Follow, Item, SavedView
from integrations.services.common.database.prepared import prepared
from integrations.services.items.saved_views import store
from integrations.services.items.saved_views.problems import Problem
from integrations.services.notices.following import view_items
from integrations.services.notices.following.view_items import (
    BrokenViewError,
    NotReadyError,
)

# Of a view that shows more, nothing that leaves is told.
MOST_REMEMBERED: Final = 100_000
MOST_LEFT: Final = 500
# So many followed views are asked on a page, those that were followed first.
MOST_ASKED: Final = 10
# What is remembered of a view that shows too much, or has a filter that is lost.
NOTHING: Final = b""
MOST_AT_ONCE: Final = 20
MARK_SIZE: Final = 16
# Parameters that change no more than how the same items stand.
ARRANGING: Final = frozenset({"sort", "group"})


class Leaving(Struct, frozen=True, kw_only=True):
    """What a followed view shows no more, and what to remember once that is told.

    ``gone`` are items that are still stored, each with when it changed last. It
    ``is_unknown`` where the view shows too much to be remembered.
    """

    follow_id: int
    shown: bytes
    gone: Mapping[int, datetime] = field(default_factory=dict)
    left: Sequence[int] = ()
    is_unknown: bool = False


class Left(Struct, frozen=True, kw_only=True):
    """The followed views that items have left, by item.

    It ``is_cut`` where more views are followed than were asked.
    """

    views: Mapping[int, list[SavedView]]
    is_cut: bool


def look(follow: Follow, view: SavedView, user: User) -> Leaving:
    """Return what has left a view since it was last told.

    Raises NotReadyError and BrokenViewError.
    """
    with view_items.asking(view):
        return _look(follow, view, user)


def _look(follow: Follow, view: SavedView, user: User) -> Leaving:
    shown = view_items.all_shown(view, user, most=MOST_REMEMBERED)
    if len(shown) > MOST_REMEMBERED:
        return Leaving(follow_id=follow.pk, shown=NOTHING, is_unknown=True)
    known = _read(follow, view)
    gone = _still_stored(user, set(known or ()) - shown)
    # Another filter makes a view another one, which nothing has left yet.
    before = () if known is None else follow.left or ()
    earlier = [key for key in before if key not in shown | gone.keys()]
    return Leaving(
        follow_id=follow.pk,
        gone=gone,
        shown=_write(shown, view),
        left=[*sorted(gone, reverse=True), *earlier][:MOST_LEFT],
    )


def _still_stored(user: User, keys: Iterable[int]) -> dict[int, datetime]:
    """Return when those of some items changed last that are not deleted for good."""
    found: dict[int, datetime] = {}
    own, wanted = Item.objects.owned_by(user), list(keys)
    for start in range(0, len(wanted), view_items.BATCH):
        rows = own.filter(pk__in=wanted[start : start + view_items.BATCH])
        found.update(rows.values_list("pk", "changed_at"))
    return found


def settle(leaving: Leaving) -> None:
    """Remember what a view showed when what left it was told."""
    rows = Follow.objects.filter(pk=leaving.follow_id)
    rows.update(shown=leaving.shown, left=leaving.left)


def begin(follow: Follow, view: SavedView, user: User) -> None:
    """Remember what a view shows as it begins to be followed.

    A view that cannot be asked yet, or by a mistake of ours, is remembered later.
    """
    try:
        settle(look(follow, view, user))
    except BrokenViewError as exc:
        if exc.problem is not Problem.MISTAKE:
            settle(Leaving(follow_id=follow.pk, shown=NOTHING))
    except NotReadyError:
        return


def begin_missing() -> None:
    """Remember what views show that could not be asked as somebody followed them."""
    missing = Follow.objects.filter(view__isnull=False, shown__isnull=True)
    # By chance, so that those that are never ready keep none behind them waiting.
    rows = missing.order_by("?").select_related("view", "owner")
    for row in rows[:MOST_AT_ONCE]:
        if row.view is not None:
            begin(row, row.view, row.owner)


def find_left(user: User, keys: Iterable[int]) -> Left:
    """Return the followed views that some of a user's items have left."""
    wanted = set(keys)
    rows = _follows_of(user.pk) if wanted else []
    found: dict[int, list[SavedView]] = {}
    for row in rows[:MOST_ASKED]:
        view = row.view
        known = _read(row, view) if view is not None else None
        if view is None or known is None:
            continue
        for key in _gone(view, user, wanted & {*known, *(row.left or ())}):
            found.setdefault(key, []).append(view)
    return Left(views=found, is_cut=len(rows) > MOST_ASKED)


@prepared(Follow)
def _follows_of(owner: int) -> "QuerySet[Follow]":
    """Return the first views that a user follows, and may open, one above the most."""
    visible = store.visible_to(User(pk=owner)).values("pk")
    own = Follow.objects.filter(owner=owner, view__in=visible)
    return own.select_related("view")[: MOST_ASKED + 1]


def _gone(view: SavedView, user: User, keys: set[int]) -> set[int]:
    try:
        return keys - set(view_items.shown_among(view, user, sorted(keys)))
    except (BrokenViewError, NotReadyError):
        return set()


def _mark(view: SavedView) -> bytes:
    """Return what tells whether a view asks for the same items as before."""
    asking = [pair for pair in view.parameters if pair[0] not in ARRANGING]
    told = [view.account_id, view.collection_id, asking]
    text = json.dumps(told, sort_keys=True)
    return blake2b(text.encode(), digest_size=MARK_SIZE).digest()


def _write(keys: Iterable[int], view: SavedView) -> bytes:
    """Write keys as what lies between one and the next, which takes little room."""
    steps = array("Q", (b - a for a, b in pairwise([0, *sorted(keys)])))
    return _mark(view) + zlib.compress(steps.tobytes())


def _read(follow: Follow, view: SavedView) -> list[int] | None:
    """Return the keys that were written; None where the view asked for others."""
    stored = bytes(follow.shown or b"")
    if stored[:MARK_SIZE] != _mark(view):
        return None
    steps = array("Q")
    steps.frombytes(zlib.decompress(stored[MARK_SIZE:]))
    return list(accumulate(steps))
