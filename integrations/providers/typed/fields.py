"""Type the values of fields, so that pages, filters, sorting and exports can use them.

A connector says what a value is; how it is written and drawn is nobody's business
here. Providers that know more of a field than its value say so as hints: the decimals
it is shown with, the zone it was entered in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from integrations.providers.text.rich_text import Block

# Under this option an amount's field names the property that holds its currency.
CURRENCY_PROPERTY: Final = "currency_property"


@dataclass(frozen=True, kw_only=True)
class Text:
    """A plain text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class RichText:
    """A formatted text; each provider's markup is parsed by its connector."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number; ``precision`` are its field's decimals, ``out_of`` a rating's best.

    One that is not grouped counts nothing: it is a name made of digits, behind those
    letters of its ``prefix`` that all of its field have.
    """

    amount: Decimal
    precision: int | None = None
    out_of: int | None = None
    is_grouped: bool = True
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Percent:
    """A share of one: 0.25 is 25 percent."""

    share: Decimal
    precision: int | None = None


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount in a currency; some providers know its code, others its symbol."""

    amount: Decimal
    currency: str = ""
    symbol: str = ""
    precision: int | None = None


@dataclass(frozen=True, kw_only=True)
class Boolean:
    """Yes or no, with the provider's own word for it if there is one."""

    is_true: bool
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Date:
    """A day, or the days from one to another, in no time zone."""

    day: date
    end: date | None = None


@dataclass(frozen=True, kw_only=True)
class DateTime:
    """A time in UTC, or a period; ``zone`` is the one that the provider shows it in."""

    at: datetime
    end: datetime | None = None
    zone: str = ""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """How long something takes; ``style`` is a pattern such as h:mm:ss."""

    seconds: Decimal
    style: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of the options of a field."""

    label: str
    colour: str = ""


@dataclass(frozen=True, kw_only=True)
class User:
    """A user, a bot or a group at the provider; the name may be withheld."""

    id: str = ""
    name: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class Email:
    """An e-mail address."""

    address: str


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A telephone number, as it was entered."""

    number: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """An address of the web, as it was entered; it need not be a safe one."""

    url: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file, without a link to it: those expire."""

    name: str
    size: int | None = None
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class Relation:
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
        object.__setattr__(self, "linked_ids", tuple(dict.fromkeys(self.linked_ids)))


@dataclass(frozen=True, kw_only=True)
class Unavailable:
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


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Some of the options of a field."""

    values: tuple[Choice, ...]
    has_more: bool = False


@dataclass(frozen=True, kw_only=True)
class Users:
    """Several users."""

    values: tuple[User, ...]
    has_more: bool = False


@dataclass(frozen=True, kw_only=True)
class Files:
    """Several files."""

    values: tuple[File, ...]
    has_more: bool = False


@dataclass(frozen=True, kw_only=True)
class Many:
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
