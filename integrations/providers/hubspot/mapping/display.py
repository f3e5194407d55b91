"""Type the raw values of properties, which are texts whatever they mean."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, field

from integrations.providers.hubspot.mapping.fields import DEAL_CURRENCY
from integrations.providers.hubspot.mapping.relations import described_relations
from integrations.providers.records import (
    DisplayField,
    FieldSpec,
    fields_of,
    lookup_in,
    unknown_names,
)
from integrations.providers.text.html_blocks import html_blocks
from integrations.providers.typed.fields import (
    CURRENCY_PROPERTY,
    Boolean,
    Choice,
    Date,
    DateTime,
    Duration,
    Email,
    Link,
    Money,
    Number,
    Percent,
    Phone,
    RichText,
    Text,
    User,
    Value,
    to_several,
)
from integrations.providers.typed.values import to_day, to_number, to_time

DAY_DIGITS: Final = len("20261122")
MILLISECONDS: Final = 1000
# Under this key of a schema stand the look-ups.
LOOKUPS: Final = "lookups"
# Under this look-up stand the e-mail addresses of owners by id.
OWNER_EMAILS: Final = "owner_email"
_BARE_ADDRESS: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,10}[a-z]{2,63}(?:/[!-~]{0,500})?",
    re.IGNORECASE | re.ASCII,
)


class Context(Struct, frozen=True, kw_only=True):
    """What the meaning of a value depends on besides its field."""

    account: Mapping[str, Any] = field(default_factory=dict)
    lookups: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)

    def name_of(self, lookup: str, key: str) -> str:
        """Return the name behind an id, empty when it is not known."""
        return str(lookup_in(self.lookups, lookup).get(key, ""))

    def currency_of(self, spec: FieldSpec) -> str:
        """Return the currency that a record names for an amount, or the account's."""
        name = spec.options.get(CURRENCY_PROPERTY) or DEAL_CURRENCY.get(spec.name)
        own = self.properties.get(name or "")
        return own if isinstance(own, str) and own else self._text("currency")

    @property
    def zone(self) -> str:
        """Return the time zone that the account shows its times in."""
        return self._text("time_zone")

    def _text(self, name: str) -> str:
        return str(self.account.get(name) or "")


Reader = Callable[[str, FieldSpec, Context], Value | None]


def describe(
    properties: Mapping[str, Any],
    schema: Mapping[str, Any],
    account: Mapping[str, Any],
) -> list[DisplayField]:
    """Return the properties that have a value, labelled, in the schema's order."""
    context = Context(
        account=account, lookups=lookup_in(schema, LOOKUPS), properties=properties
    )
    described = []
    for spec in _visible_fields(properties, schema):
        value = to_value(properties.get(spec.name), spec, context)
        if value is not None:
            described.append(
                DisplayField(
                    name=spec.name, label=spec.label, value=value, group=spec.group
                )
            )
    return [*described, *described_relations(properties)]


def _visible_fields(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[FieldSpec]:
    """Yield the fields to show; a property younger than the schema comes last."""
    specs = fields_of(properties, schema)
    yield from (spec for spec in specs if not spec.is_hidden)
    for name in unknown_names(properties, schema):
        if "." not in name and not name.startswith("hs_"):
            yield FieldSpec(name=name, label=name)


def to_value(value: object, spec: FieldSpec, context: Context) -> Value | None:
    """Return a typed value; what cannot be understood is the text that it is."""
    if value is None or value == "":
        return None
    raw = value if isinstance(value, str) else str(value)
    reader = _READERS.get(spec.kind)
    typed = reader(raw, spec, context) if reader else None
    return Text(text=raw) if typed is None else typed


def _choice(raw: str, spec: FieldSpec, context: Context) -> Value | None:
    """Return the label of one option, or those of several."""
    if raw not in spec.options and ";" in raw:
        return _choices(raw, spec, context)
    return Choice(label=spec.options.get(raw, raw))


def _choices(raw: str, spec: FieldSpec, context: Context) -> Value | None:
    parts = filter(None, raw.split(";"))
    return to_several(Choice(label=spec.options.get(part, part)) for part in parts)


def _boolean(raw: str, spec: FieldSpec, context: Context) -> Value | None:
    known = {"true": True, "false": False}.get(raw.lower())
    label = spec.options.get(raw.lower(), "")
    return None if known is None else Boolean(is_true=known, label=label)


def _user(raw: str, spec: FieldSpec, context: Context) -> Value | None:
    """Return an owner, or several."""
    ids = list(filter(None, raw.split(";")))
    found = [User(id=each, name=context.name_of("owner", each)) for each in ids]
    return found[0] if len(found) == 1 else to_several(found)


def owners_of(email: str, schema: Mapping[str, Any]) -> list[str]:
    """Return the ids of the owners with an e-mail address, of which one is active."""
    emails = lookup_in(schema, LOOKUPS, OWNER_EMAILS)
    return [
        key
        for key, each in emails.items()
        if email and str(each).lower() == email.lower()
    ]


def _pipeline(raw: str, spec: FieldSpec, context: Context) -> Value:
    return Choice(label=context.name_of("pipeline", raw) or raw)


def _stage(raw: str, spec: FieldSpec, context: Context) -> Value:
    return Choice(label=context.name_of("stage", raw) or raw)


def _emails(raw: str, spec: FieldSpec, context: Context) -> Value | None:
    return to_several(Email(address=each) for each in raw.split(";") if each)


def _domain(raw: str, spec: FieldSpec, context: Context) -> Value:
    """Return a link; an address without its scheme is one of the secure web."""
    if _BARE_ADDRESS.fullmatch(raw):
        return Link(url=f"https://{raw}", label=raw)
    return Link(url=raw)


def _money(raw: str, spec: FieldSpec, context: Context) -> Value | None:
    amount = to_number(raw)
    currency = context.currency_of(spec)
    return None if amount is None else Money(amount=amount, currency=currency)


def _date(raw: str, spec: FieldSpec, context: Context) -> Value | None:
    at = from_milliseconds(raw)
    day = to_day(raw) if at is None else at.date()
    return None if day is None else Date(day=day)


def _datetime(raw: str, spec: FieldSpec, context: Context) -> Value | None:
    at = from_milliseconds(raw) or to_time(raw)
    return None if at is None else DateTime(at=at, zone=context.zone)


def from_milliseconds(raw: str) -> datetime | None:
    """Read milliseconds since 1970, which some writers leave instead of ISO texts."""
    if not raw.lstrip("-").isdecimal() or len(raw) <= DAY_DIGITS:
        return None
    try:
        at = datetime.fromtimestamp(int(raw) / MILLISECONDS, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return to_time(at.isoformat())


def _numeric(make: Callable[[Decimal], Value]) -> Reader:
    def read(raw: str, spec: FieldSpec, context: Context) -> Value | None:
        number = to_number(raw)
        return None if number is None else make(number)

    return read


def _textual(make: Callable[[str], Value]) -> Reader:
    def read(raw: str, spec: FieldSpec, context: Context) -> Value:
        return make(raw)

    return read


_READERS: Final[dict[str, Reader]] = {
    "boolean": _boolean,
    "choice": _choice,
    "choices": _choices,
    "date": _date,
    "datetime": _datetime,
    "duration": _numeric(lambda number: Duration(seconds=number / MILLISECONDS)),
    "domain": _domain,
    "emails": _emails,
    "email": _textual(lambda raw: Email(address=raw)),
    "html": _textual(lambda raw: RichText(blocks=html_blocks(raw))),
    "link": _textual(lambda raw: Link(url=raw)),
    "money": _money,
    "number": _numeric(lambda number: Number(amount=number)),
    "percent": _numeric(lambda number: Percent(share=number)),
    # Schemas that were read by an earlier version say so until they are read again.
    "person": _user,
    "phone": _textual(lambda raw: Phone(number=raw)),
    "pipeline": _pipeline,
    "stage": _stage,
    "user": _user,
}
