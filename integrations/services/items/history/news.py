"""What is new, changed or deleted since a time: one answer for number and list."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import F, Q
from django.utils import timezone

from integrations.models import Item
from integrations.models.items.item import ItemQuerySet

NEW, CHANGED, DELETED = "new", "changed", "deleted"
KINDS = (NEW, CHANGED, DELETED)
FORMATS = ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S.%fZ")
# Nobody was away for longer.
LONGEST = timedelta(days=3660)


@dataclass(frozen=True, kw_only=True)
class News:
    """What happened to items since a time.

    New is what came after everything of its collection had been read once; what a
    first refresh finds may have been there for years. Where the time has an end, what
    was new in it and has been deleted since is among it.
    """

    kind: str
    since: datetime
    until: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> "News | None":
        """Read what ``str`` writes; anything odd means none."""
        kind, _, stamps = text.partition("-")
        start, has_end, end = stamps.partition("-")
        try:
            since = _to_time(start)
            until = _to_time(end) if has_end else None
        except ValueError:
            return None
        is_near = timezone.now() - LONGEST < since
        if kind not in KINDS or not is_near:
            return None
        return cls(kind=kind, since=since, until=until)

    def __str__(self) -> str:
        ends = (self.since, *([self.until] if self.until else []))
        return "-".join((self.kind, *map(_to_stamp, ends)))

    def select(self, items: ItemQuerySet) -> ItemQuerySet:
        """Return those of the items that it happened to."""
        if self.until is not None:
            column = {NEW: "new_at", DELETED: "deleted_at"}
            name = column.get(self.kind, "changed_at")
            items = items.filter(**{f"{name}__lt": self.until})
        if self.kind == DELETED:
            return items.deleted().filter(deleted_at__gte=self.since)
        if self.kind == CHANGED:
            changed = items.live().filter(changed_at__gte=self.since)
            return changed.filter(changed_at__gt=F("first_seen_at"))
        is_here = Q(deleted_at__isnull=True)
        if self.until is not None:
            is_here |= Q(deleted_at__gte=self.since)
        return items.filter(is_here, new_at__gte=self.since)


def _to_stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):{FORMATS[bool(at.microsecond)]}}"


def _to_time(stamp: str) -> datetime:
    return datetime.strptime(stamp, FORMATS["." in stamp]).replace(tzinfo=UTC)


def recent_items(user: User, *, most: int) -> list[Item]:
    """Return what changed last at the providers, straight from the index."""
    dated = Item.objects.owned_by(user).live().filter(remote_updated_at__isnull=False)
    latest = dated.defer("properties").order_by("-remote_updated_at", "-id")
    return list(latest[:most])
