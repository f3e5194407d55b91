"""What is new, changed or deleted since a time: one answer for number and list."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from msgspec import Struct

from integrations.models import Connection, Item, ItemChange
from integrations.models.items.item import ItemQuerySet

NEW, CHANGED, DELETED, RESTORED = "new", "changed", "deleted", "restored"
KINDS = (NEW, CHANGED, DELETED, RESTORED)
# What of a change is read back of an address.
MAX_FIELD = 300
FORMATS = ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S.%fZ")
# Nobody was away for longer.
LONGEST = timedelta(days=3660)


class News(Struct, frozen=True, kw_only=True):
    """What happened to items since a time.

    New is what came after everything of its collection had been read once; what a
    first refresh finds may have been there for years. Where the time has an end, it is
    all that it happened to in it, whatever has become of it since; of changes only
    those of a ``field``, by the name under which they store it, if there is one.
    """

    kind: str
    since: datetime
    until: datetime | None = None
    field: str = ""

    @classmethod
    def parse(cls, text: str) -> "News | None":
        """Read what ``str`` writes; anything odd means none."""
        kind, _, stamps = text.partition("-")
        start, has_end, rest = stamps.partition("-")
        end, _, field = rest.partition("-")
        try:
            since = _to_time(start)
            until = _to_time(end) if has_end else None
        except ValueError:
            return None
        is_near = timezone.now() - LONGEST < since
        is_whole = until is not None or kind != RESTORED
        if kind not in KINDS or not is_near or not is_whole or len(field) > MAX_FIELD:
            return None
        return cls(kind=kind, since=since, until=until, field=field)

    def __str__(self) -> str:
        ends = (self.since, *([self.until] if self.until else []))
        field = [self.field] if self.field else []
        return "-".join((self.kind, *map(_to_stamp, ends), *field))

    def select(
        self, items: ItemQuerySet, connections: Sequence[Connection] = ()
    ) -> ItemQuerySet:
        """Return those of the items that it happened to.

        The ``connections`` are all that hold them, to be told where it has an end.
        """
        if self.until is not None:
            return self._select_within(items, self.until, connections)
        if self.kind == DELETED:
            return items.deleted().filter(deleted_at__gte=self.since)
        if self.kind == CHANGED:
            changed = items.live().filter(changed_at__gte=self.since)
            return changed.filter(changed_at__gt=F("first_seen_at"))
        return items.filter(deleted_at__isnull=True, new_at__gte=self.since)

    def _select_within(
        self, items: ItemQuerySet, until: datetime, connections: Sequence[Connection]
    ) -> ItemQuerySet:
        """Return those that it happened to before a time, deleted ones as well.

        Asked for an owner as well, SQLite would read all of the owner's items in their
        order, rather than the few whose keys are known.
        """
        if self.kind == NEW:
            is_here = Q(deleted_at__isnull=True) | Q(deleted_at__gte=self.since)
            return items.filter(is_here, new_at__gte=self.since, new_at__lt=until)
        is_asked = Exists(items.order_by().filter(pk=OuterRef("pk")))
        keys = self._changed(until, connections)
        return Item.objects.filter(is_asked, pk__in=keys)

    def _changed(
        self, until: datetime, connections: Sequence[Connection]
    ) -> QuerySet[ItemChange, Any]:
        changes = ItemChange.objects.filter(
            connection__in=[each.pk for each in connections],
            at__gte=self.since,
            at__lt=until,
            kind=self.kind,
        )
        if self.field:
            changes = changes.filter(fields__has_key=self.field)
        return changes.order_by().values("item_id")


def _to_stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):{FORMATS[bool(at.microsecond)]}}"


def _to_time(stamp: str) -> datetime:
    return datetime.strptime(stamp, FORMATS["." in stamp]).replace(tzinfo=UTC)


def recent_items(user: User, *, most: int) -> list[Item]:
    """Return what changed last at the providers, straight from the index."""
    dated = Item.objects.owned_by(user).live().filter(remote_updated_at__isnull=False)
    latest = dated.defer("properties").order_by("-remote_updated_at", "-id")
    return list(latest[:most])
