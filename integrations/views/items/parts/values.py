"""Ready typed values for pages: in words, in the zone of whoever looks, with links."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final
from urllib.parse import quote

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Item
from integrations.providers.text.rich_text import is_plain, safe_href
from integrations.providers.typed.fields import (
    SEVERAL,
    DateTime,
    Duration,
    Email,
    File,
    Link,
    Money,
    Number,
    Percent,
    Phone,
    Relation,
    RichText,
    User,
    Value,
)
from integrations.providers.typed.plain import plain
from integrations.providers.typed.values import to_zone
from integrations.services.items.relations.links import Links, more_text
from integrations.views.items.parts.rich_text import Group, to_groups

# Longer texts and lists are folded.
LONG_TEXT, LONG_LINES, LONG_LIST = 700, 12, 12
NO_LINKS: Final = Links(found={})
# What may be shown with fewer digits than it has.
ROUNDED: Final = (Number, Percent, Money)
# Of decimals only those that are zeros, and the point where all of them are.
ZEROS: Final = re.compile(r"(?<=\d)(?:(\.\d*?[1-9])0+|\.0+)(?!\d)")


class Shown(Struct, frozen=True, kw_only=True):
    """One value ready for its template, which chooses the look by ``kind``.

    ``title`` is what hovering adds, ``at`` a time in the zone of its source, ``parts``
    those of a list, ``items`` those of a
    relation, ``groups`` the blocks of a formatted text, and ``more`` says what is not
    among them.
    """

    text: str
    kind: str = "text"
    href: str = ""
    title: str = ""
    at: datetime | None = None
    parts: tuple["Shown", ...] = ()
    items: tuple[Item, ...] = ()
    groups: tuple[Group, ...] = ()
    more: str = ""

    @property
    def stamp(self) -> str:
        """Return a time as machines read it, in the zone of its source."""
        return self.at.isoformat().replace("+00:00", "Z") if self.at else ""

    @property
    def is_long(self) -> bool:
        """Tell whether the value is folded at first."""
        entries = max(len(self.parts), len(self.items), len(self.groups))
        lines = self.text.count("\n")
        is_long_text = len(self.text) > LONG_TEXT or lines >= LONG_LINES
        return entries > LONG_LIST or is_long_text


def show(value: Value, links: Links = NO_LINKS) -> Shown:
    """Return a value ready to be drawn; times are in the zone of whoever looks."""
    if isinstance(value, SEVERAL):
        parts = tuple(show(each, links) for each in value.values)
        more = "and more than shown" if value.has_more else ""
        texts = [*(part.text for part in parts), *([more] if more else [])]
        return Shown(text=", ".join(texts), kind="list", parts=parts, more=more)
    if isinstance(value, Relation):
        return _show_relation(value, links)
    if isinstance(value, DateTime):
        return _show_time(value, timezone.get_current_timezone())
    # Nothing else is in a zone.
    text, title = plain(value), _title(value)
    shown = Shown(text=text, title="" if title == text else title)
    if isinstance(value, Link):
        return _show_link(value, shown)
    if isinstance(value, RichText) and not is_plain(value.blocks):
        return replace(shown, kind="rich", groups=tuple(to_groups(value.blocks)))
    contact = _contact(value)
    return replace(shown, kind="contact", href=contact) if contact else shown


def _show_time(value: DateTime, zone: tzinfo) -> Shown:
    """Return a time in one zone, with that of its source where this is another."""
    source = to_zone(value.zone) or UTC
    text = plain(value, zone=zone)
    title = text if str(source) == str(zone) else plain(value, zone=source)
    return Shown(
        text=text,
        kind="time",
        title="" if title == text else title,
        at=value.at.astimezone(source),
    )


def _show_link(link: Link, shown: Shown) -> Shown:
    """Return a link, or its words and its address where it may not be followed."""
    if safe_href(link.url):
        return replace(shown, kind="link", href=link.url)
    is_named = link.url and shown.text != link.url
    return replace(shown, text=f"{shown.text} ({link.url})") if is_named else shown


def show_time(value: datetime | None) -> Shown | None:
    """Return a time of ours the way a provider's times are shown."""
    return None if value is None else show(DateTime(at=value))


def _show_relation(relation: Relation, links: Links) -> Shown:
    items = tuple(links.of(relation))
    return Shown(
        text=links.text_of(relation),
        kind="relation",
        items=items,
        more=more_text(relation, len(items)),
    )


def _contact(value: Value) -> str:
    """Return what starts a mail or a call, for what is plainly an address for it."""
    if isinstance(value, Email) and safe_href(f"mailto:{value.address}"):
        return f"mailto:{quote(value.address, safe='@')}"
    if isinstance(value, Phone) and safe_href(f"tel:{value.number}"):
        return f"tel:{re.sub(r'[^0-9+]', '', value.number)}"
    return ""


def _without_zeros(number: str) -> str:
    """Return the text of a number without the zeros at the end of its decimals."""
    return ZEROS.sub(r"\1", number)


def _title(value: Value) -> str:
    """Return what the words leave out: digits, an address, a size."""
    if isinstance(value, ROUNDED) and value.precision is not None:
        exact = plain(replace(value, precision=None))
        is_told = _without_zeros(plain(value)) == _without_zeros(exact)
        return "" if is_told else exact
    if isinstance(value, Duration):
        return f"{value.seconds:,f} s"
    if isinstance(value, User):
        return value.email if value.name else ""
    if isinstance(value, File):
        size = filesizeformat(value.size) if value.size is not None else ""
        return ", ".join(filter(None, (size, value.type)))
    return ""
