"""Describe what a simulated provider has: accounts, people, switches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Params = Mapping[str, Any]


class CommandError(Exception):
    """A command or query of the control page that cannot be carried out."""


@dataclass(frozen=True, kw_only=True)
class User:
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
    people: tuple[User, ...]

    @classmethod
    def read(cls, row: Mapping[str, Any], **own: Any) -> Self:
        """Return an account that is written down with its people."""
        people = tuple(User(**user) for user in row["people"])
        return cls(**{**row, "people": people, **own})

    @property
    def identities(self) -> dict[str, User]:
        """Return the people by what the consent page sends for them."""
        return {f"{self.id}:{user.id}": user for user in self.people}


@dataclass(frozen=True)
class Switch:
    """One lasting setting of a provider; its default gives its type."""

    name: str
    label: str
    default: Any


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much data the seed makes; zero leaves it to the provider."""

    seed: int = 1
    sizes: Mapping[str, int] = field(default_factory=dict)
