"""Follow items and saved views; their changes are told in the digest."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.models import Follow, Item, NoticeSettings, SavedView
from integrations.models.item import ItemQuerySet
from integrations.services.items.saved_views import store
from integrations.services.notices.quiet import zone_for

MOST_FOLLOWED: Final = 200
TOO_MANY = (
    f"You follow {MOST_FOLLOWED} items and views, and there can be no more."
    " Unfollow one first."
)
Digest = NoticeSettings.Digest


def _key(target: Item | SavedView) -> dict[str, Any]:
    return {"item" if isinstance(target, Item) else "view": target}


def follow(user: User, target: Item | SavedView) -> None:
    """Follow what the user may see; whoever has no digest yet gets a daily one."""
    if Follow.objects.filter(owner=user).count() >= MOST_FOLLOWED:
        raise ValidationError(TOO_MANY, code="too_many_followed")
    Follow.objects.get_or_create(owner=user, **_key(target))
    chosen = NoticeSettings.objects.filter(user=user).first()
    chosen = chosen or NoticeSettings(user=user)
    has_chosen = chosen.digest_until is not None
    if not has_chosen:
        chosen.digest = Digest.DAILY
        plan(chosen)
        chosen.save()


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
