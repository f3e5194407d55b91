"""Read the query string of the page of changes into one value, and write it back."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import ItemChange
from integrations.models.uuids import read_uuid
from integrations.providers import SPECS
from integrations.services.common.sealing.opaque import from_token, to_token
from integrations.services.items.left_out import (
    find_left_out,
    find_lost_place,
    find_repeated,
)

PURPOSE = "change-position"
# What a run counts as changed: what came back is among it.
PRESENT = "present"
# What came: no change is stored of it.
NEW = "new"
KINDS = {
    NEW: (),
    **{kind.value: (kind.value,) for kind in ItemChange.Kind},
    PRESENT: (ItemChange.Kind.CHANGED.value, ItemChange.Kind.RESTORED.value),
}
TYPE = re.compile(r"[\w.-]{1,40}", re.ASCII)
MAX_FIELD = 300
UNSEEN, VISIT = SINCE = ("unseen", "visit")
FILTERS = (
    *("provider", "connection", "type", "kind", "field", "day", "run", "item"),
    "since",
)


class Position(NamedTuple):
    """The change that a page starts after."""

    at: datetime
    pk: int

    def to_token(self) -> str:
        """Write the position so that a link can carry it."""
        return to_token(json.dumps([self.at.isoformat(), self.pk]), purpose=PURPOSE)

    @classmethod
    def parse(cls, token: str) -> "Position | None":
        """Read a token; anything odd means the first page."""
        raw = from_token(token, purpose=PURPOSE)
        if raw is None:
            return None
        at, pk = json.loads(raw)
        return cls(datetime.fromisoformat(at), pk)


class ChangeQuery(Struct, frozen=True, kw_only=True):
    """Which changes a page shows, newest first, and where it starts.

    ``field`` is the name under which a change stores what was and what is;
    ``since`` asks for what came after the user's own mark, or their last visit.
    ``left_out`` says in words what the address asked for and cannot be had.
    """

    provider: str = ""
    connection: UUID | None = None
    type: str = ""
    kind: str = ""
    field: str = ""
    day: date | None = None
    run: UUID | None = None
    item: UUID | None = None
    since: str = ""
    after: Position | None = None
    left_out: tuple[str, ...] = ()

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "ChangeQuery":
        """Read a query string; whatever is not understood is left out, and said."""

        def read(name: str) -> str:
            return str(values.get(name, "")).replace("\x00", "").strip()

        provider, kind, type_ = read("provider"), read("kind"), read("type")
        query = cls(
            provider=provider if provider in SPECS else "",
            connection=read_uuid(read("connection")),
            type=type_ if TYPE.fullmatch(type_) else "",
            kind=kind if kind in KINDS else "",
            field=read("field") if len(read("field")) <= MAX_FIELD else "",
            day=_to_day(read("day")),
            run=read_uuid(read("run")),
            item=read_uuid(read("item")),
            since=read("since") if read("since") in SINCE else "",
            after=Position.parse(read("after")),
        )
        taken = {**dict.fromkeys(FILTERS, ""), **query.filters}
        left_out = (
            *find_left_out(values, taken),
            *find_repeated(values, taken),
            *find_lost_place(values, is_taken=query.after is not None),
        )
        return replace(query, left_out=left_out)

    @property
    def filters(self) -> dict[str, str]:
        """Return the parameters that leave changes out, in their fixed order."""
        values = {
            "provider": self.provider,
            "connection": str(self.connection or ""),
            "type": self.type,
            "kind": self.kind,
            "field": self.field,
            "day": str(self.day or ""),
            "run": str(self.run or ""),
            "item": str(self.item or ""),
            "since": self.since,
        }
        return {name: value for name, value in values.items() if value}

    @property
    def url(self) -> str:
        """Return the one address of this page."""
        parameters = dict(self.filters)
        if self.after:
            parameters["after"] = self.after.to_token()
        path = reverse("integrations:changes")
        return f"{path}?{urlencode(parameters)}" if parameters else path

    @property
    def is_scanned(self) -> bool:
        """Tell whether it asks for what no index answers."""
        return bool(self.type or self.kind or self.field or self.run)

    @property
    def has_new(self) -> bool:
        """Tell whether it asks for what came as well, which has no fields."""
        return self.kind in ("", NEW) and not self.field

    @property
    def has_changes(self) -> bool:
        """Tell whether it asks for more than what came."""
        return self.kind != NEW

    def change(self, **changes: Any) -> "ChangeQuery":
        """Return the first page with something about it changed."""
        return replace(self, **{"after": None, **changes})

    def without(self, name: str) -> "ChangeQuery":
        """Return the first page with one filter taken off."""
        return ChangeQuery.parse({k: v for k, v in self.filters.items() if k != name})

    @property
    def day_bounds(self) -> tuple[datetime, datetime] | None:
        """Return when the day begins and ends in the zone of whoever looks."""
        if self.day is None:
            return None
        zone = timezone.get_current_timezone()
        start, end = (
            datetime.combine(each, datetime.min.time(), tzinfo=zone)
            for each in (self.day, self.day + timedelta(days=1))
        )
        return start, end


def _to_day(text: str) -> date | None:
    """Return a day, None for one that has no next one as well."""
    try:
        day = date.fromisoformat(text)
        return day if date(1970, 1, 2) < day < date(9000, 1, 1) else None
    except ValueError:
        return None
