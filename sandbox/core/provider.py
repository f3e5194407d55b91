"""Describe what a simulated provider has: accounts, people, switches, forms."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

Params = Mapping[str, Any]


class CommandError(Exception):
    """A command or query of the control page that cannot be carried out."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can give consent in an account."""

    id: str
    name: str
    email: str
    is_admin: bool = True


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account at the provider: a portal, a workspace."""

    id: str
    name: str
    note: str
    people: tuple[Person, ...]

    @property
    def identities(self) -> dict[str, Person]:
        """Return the people by what the consent page sends for them."""
        return {f"{self.id}:{person.id}": person for person in self.people}


@dataclass(frozen=True)
class Switch:
    """One lasting setting of a provider; its default gives its type."""

    name: str
    label: str
    default: Any


@dataclass(frozen=True)
class Field:
    """One field of a form on the control page."""

    name: str
    label: str
    _: KW_ONLY
    value: str = ""
    hint: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Form:
    """A form of commands with their labels; the account comes first in every form.

    The first form of a provider is shown at once, the others behind "More".
    """

    title: str
    commands: Mapping[str, str]
    fields: Sequence[Field] = ()
    _: KW_ONLY
    has_type: bool = False


def label(of: str = "records", **labels: str) -> dict[str, str]:
    """Return labels by the commands they stand for."""
    return {f"{of}/{name}": text for name, text in labels.items()}


TOUCH = Form(
    "Change many at one moment",
    label(touch="Touch"),
    (
        Field("count", "How many", value="25", is_number=True),
        Field("offset", "After the first", value="0", is_number=True),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much data the seed makes; zero leaves it to the provider."""

    seed: int = 1
    sizes: Mapping[str, int] = field(default_factory=dict)
