"""Type the values of fields, so that pages, filters, sorting and exports can use them.

A connector says what a value is; how it is written and drawn is nobody's business
here. Providers that know more of a field than its value say so as hints: the decimals
it is shown with, the zone it was entered in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from integrations.providers.text.rich_text import Block

# Under this option an amount's field names the property that holds its currency.
CURRENCY_PROPERTY: Final = "currency_property"


class Text(Struct, frozen=True, kw_only=True):
    """A plain text."""

    text: str


class RichText(Struct, frozen=True, kw_only=True):
    """A formatted text; each provider's markup is parsed by its connector."""

    blocks: tuple[Block, ...]


class Number(Struct, frozen=True, kw_only=True):
    """A number; ``precision`` are its field's decimals, ``out_of`` a rating's best.

    One that is not grouped counts nothing: it is a name made of digits, behind those
    letters of its ``prefix`` that all of its field have.
    """

    amount: Decimal
    precision: int | None = None
    out_of: int | None = None
    is_grouped: bool = True
    prefix: str = ""


class Percent(Struct, frozen=True, kw_only=True):
    """A share of one: 0.25 is 25 percent."""

    share: Decimal
    precision: int | None = None


class Money(Struct, frozen=True, kw_only=True):
    """An amount in a currency; some providers know its code, others its symbol."""

    amount: Decimal
    currency: str = ""
    symbol: str = ""
    precision: int | None = None


class Boolean(Struct, frozen=True, kw_only=True):
    """Yes or no, with the provider's own word for it if there is one."""

    is_true: bool
    label: str = ""


class Date(Struct, frozen=True, kw_only=True):
    """A day, or the days from one to another, in no time zone."""

    day: date
    end: date | None = None


class DateTime(Struct, frozen=True, kw_only=True):
    """A time in UTC, or a period; ``zone`` is the one that the provider shows it in."""

    at: datetime
    end: datetime | None = None
    zone: str = ""


class Duration(Struct, frozen=True, kw_only=True):
    """How long something takes; ``style`` is a pattern such as h:mm:ss."""

    seconds: Decimal
    style: str = ""


class Choice(Struct, frozen=True, kw_only=True):
    """One of the options of a field."""

    label: str
    colour: str = ""


class User(Struct, frozen=True, kw_only=True):
    """A user, a bot or a group at the provider; the name may be withheld."""

    id: str = ""
    name: str = ""
    email: str = ""


class Email(Struct, frozen=True, kw_only=True):
    """An e-mail address."""

    address: str


class Phone(Struct, frozen=True, kw_only=True):
    """A telephone number, as it was entered."""

    number: str


class Link(Struct, frozen=True, kw_only=True):
    """An address of the web, as it was entered; it need not be a safe one."""

    url: str
    label: str = ""


class File(Struct, frozen=True, kw_only=True):
    """A file, without a link to it: those expire."""

    name: str
    size: int | None = None
    type: str = ""


class Relation(Struct, frozen=True, kw_only=True):
    """Items of the same connection, each once, of one collection if that is known.

    ``has_more`` says that the provider has more of them than it told, or this site
    than it counted; of those that are known here, ``total`` tells how many there are
    where not all are named.
    """

    linked_ids: tuple[str, ...]
    linked_collection: str = ""
    has_more: bool = False
    total: int = 0

    def __post_init__(self) -> None:
        """Name an item once that the provider names twice."""
        force_setattr(self, "linked_ids", tuple(dict.fromkeys(self.linked_ids)))


class Unavailable(Struct, frozen=True, kw_only=True):
    """No value for now, and why: a formula that failed, a text not generated yet."""

    reason: str


Single: TypeAlias = (
    Text
    | RichText
    | Number
    | Percent
    | Money
    | Boolean
    | Date
    | DateTime
    | Duration
    | Choice
    | User
    | Email
    | Phone
    | Link
    | File
    | Relation
    | Unavailable
)


class Choices(Struct, frozen=True, kw_only=True):
    """Some of the options of a field."""

    values: tuple[Choice, ...]
    has_more: bool = False


class Users(Struct, frozen=True, kw_only=True):
    """Several users."""

    values: tuple[User, ...]
    has_more: bool = False


class Files(Struct, frozen=True, kw_only=True):
    """Several files."""

    values: tuple[File, ...]
    has_more: bool = False


class Many(Struct, frozen=True, kw_only=True):
    """Several values of any type, as lookups and rollups gather them."""

    values: tuple[Single, ...]
    has_more: bool = False


Several: TypeAlias = Choices | Users | Files | Many
SEVERAL: Final = (Choices, Users, Files, Many)
Value: TypeAlias = Single | Several


def singles_of(value: Value) -> Sequence[Single]:
    """Return the values that a value is made of, itself where it is a single one."""
    return value.values if isinstance(value, SEVERAL) else (value,)


def to_several(
    values: Iterable[Value | None], *, has_more: bool = False
) -> Several | None:
    """Return a list of values by the type they share, None for nothing at all.

    What is itself a list becomes part of this one.
    """
    found = tuple(_flatten(values))
    if not found:
        return None
    kinds = {type(each) for each in found}
    make: Any = _SEVERAL_OF.get(kinds.pop(), Many) if len(kinds) == 1 else Many
    several: Several = make(values=found, has_more=has_more)
    return several


_SEVERAL_OF: Final[Mapping[type, type]] = {Choice: Choices, User: Users, File: Files}


def _flatten(values: Iterable[Value | None]) -> Iterator[Single]:
    for value in values:
        if isinstance(value, SEVERAL):
            yield from value.values
        elif value is not None:
            yield value
