"""Say what a simulated provider brings along; one module per provider fills it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.core.web import Request, Response, Route

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

Params = Mapping[str, Any]
Before = Callable[["Sandbox", Request, Params], Response | None]
After = Callable[["Sandbox", Request, Response, Params], Response]
Action = Callable[["Sandbox", Params], dict[str, Any]]


class OrderError(Exception):
    """Say what is wrong with an order given to the control page."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Describe somebody who can give consent in an account."""

    id: str
    name: str
    email: str
    is_admin: bool = True


@dataclass(frozen=True, kw_only=True)
class Account:
    """Describe one account at the provider: a portal, a workspace."""

    id: str
    name: str
    note: str
    people: tuple[Person, ...]


@dataclass(frozen=True, kw_only=True)
class FaultKind:
    """Describe one way to misbehave, before or after the real answer is made."""

    name: str
    label: str
    before: Before | None = None
    after: After | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Switch:
    """Describe one lasting setting of a provider; its default gives its type."""

    name: str
    label: str
    default: Any


@dataclass(frozen=True, kw_only=True)
class Field:
    """Describe one field of a form on the control page."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    is_number: bool = False


@dataclass(frozen=True, kw_only=True)
class Form:
    """Describe a form that changes records: its fields, its orders with their labels.

    The account comes first in every form, and the type where there is one to choose.
    """

    title: str
    orders: Sequence[tuple[str, str]]
    fields: Sequence[Field] = ()
    has_type: bool = True


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Say how much data the seed makes; zero leaves it to the provider."""

    seed: int = 1
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Bring everything one simulated provider consists of."""

    slug: str
    name: str
    schema: str
    routes: Sequence[Route]
    families: Sequence[str]
    accounts: Sequence[Account]
    kinds: Mapping[str, str]
    seed: Callable[["Sandbox", Plan], None]
    identify: Callable[["Sandbox", Request], None]
    refuse: Callable[["Sandbox", Request, int, float | None], Response]
    finish: Callable[["Sandbox", Request, Response], None]
    records: Mapping[str, Action]
    inventory: Action
    orders: Mapping[str, Action] = field(default_factory=dict)
    sizes: Sequence[str] = ()
    faults: Sequence[FaultKind] = ()
    switches: Sequence[Switch] = ()
    forms: Sequence[Form] = ()
