"""Follow items and saved views; their changes are told in the digest."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.models import Follow, Item, NoticeSettings, SavedView
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.saved_views import store
from integrations.services.notices.following import leavers
from integrations.services.notices.quiet import zone_for

MOST_FOLLOWED: Final = 200
TOO_MANY = (
    "You follow as many items and views as one user may:"
    f" {MOST_FOLLOWED}. Unfollow one first."
)
Digest = NoticeSettings.Digest


def _key(target: Item | SavedView) -> dict[str, Any]:
    return {"item" if isinstance(target, Item) else "view": target}


def follow(user: User, target: Item | SavedView) -> None:
    """Follow what the user may see; whoever has no digest yet gets a daily one."""
    rows = Follow.objects.filter(owner=user)
    is_new = not rows.filter(**_key(target)).exists()
    if is_new and rows.count() >= MOST_FOLLOWED:
        raise ValidationError(TOO_MANY, code="too_many_followed")
    row, is_new = Follow.objects.get_or_create(owner=user, **_key(target))
    if is_new and isinstance(target, SavedView):
        leavers.begin(row, target, user)
    chosen, _ = NoticeSettings.objects.get_or_create(user=user)
    if chosen.digest_until is None:
        chosen.digest = Digest.DAILY
        choose(chosen)


def has_digest(user: User) -> bool:
    """Tell whether a user is mailed a digest."""
    return NoticeSettings.objects.filter(
        user=user, digest_due_at__isnull=False
    ).exists()


def choose(chosen: NoticeSettings, *, now: datetime | None = None) -> None:
    """Save how often a digest is mailed and when, with when the next one is due.

    A digest that was planned meanwhile stays planned: none is told twice.
    """
    stored = NoticeSettings.objects
    stored.get_or_create(user=chosen.user)
    names = ("digest", "digest_hour", "digest_weekday", "browser_zone")
    wanted = {name: getattr(chosen, name) for name in names}
    with transaction.atomic():
        # The row is locked until then, so that nobody plans by what it was.
        row = stored.select_for_update().get(user=chosen.user)
        for name, value in wanted.items():
            setattr(row, name, value)
        plan(row, now=now)
        row.save(update_fields=(*names, "digest_due_at", "digest_until"))


def unfollow(user: User, target: Item | SavedView) -> None:
    """Follow it no more."""
    Follow.objects.filter(owner=user, **_key(target)).delete()


def is_followed(user: User, view: SavedView) -> bool:
    """Tell whether a user follows a view."""
    return Follow.objects.filter(owner=user, view=view).exists()


def with_followed(items: ItemQuerySet, user: User) -> ItemQuerySet:
    """Return items that tell, as ``is_followed``, whether a user follows them."""
    own = Follow.objects.filter(owner=user, item=OuterRef("pk"))
    return items.annotate(is_followed=Exists(own))


def followed(user: User) -> QuerySet[Follow]:
    """Return what a user follows and may see now, the oldest first."""
    is_own_item = Q(item__owner=user)
    is_visible_view = Q(view__in=store.visible_to(user).values("pk"))
    rows = Follow.objects.filter(is_own_item | is_visible_view, owner=user)
    return rows.select_related("item__connection", "item__collection", "view")


def plan(chosen: NoticeSettings, *, now: datetime | None = None) -> None:
    """Set when the next digest is due, as it is chosen; what changes from now is in it.

    The settings are not saved here.
    """
    now = now or timezone.now()
    if chosen.digest_due_at is None:
        # It begins now, or it is off and stays so until that is changed.
        chosen.digest_until = now
    chosen.digest_due_at = next_slot(chosen, now)


def next_slot(chosen: NoticeSettings, now: datetime) -> datetime | None:
    """Return the next time of the digest after now, in the user's zone."""
    if chosen.digest == Digest.OFF:
        return None
    local = now.astimezone(zone_for(chosen))
    slot = local.replace(hour=chosen.digest_hour, minute=0, second=0, microsecond=0)
    days = 1
    if chosen.digest == Digest.WEEKLY:
        days = 7
        slot += timedelta(days=(chosen.digest_weekday - slot.weekday()) % 7)
    if slot <= local:
        slot += timedelta(days=days)
    return slot.astimezone(UTC)
