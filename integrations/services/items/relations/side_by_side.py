"""Find which fields of several items tell the same, whatever each provider calls it."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import combinations, starmap
from typing import Final, NamedTuple

from msgspec import Struct

from integrations.models import Item
from integrations.providers import CONNECTORS
from integrations.providers.kinds import Role
from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import Email, Link, Phone, Text, Value
from integrations.providers.typed.plain import plain
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items.relations.phones import PhoneNumber
from integrations.services.items.relations.traces import (
    names_site,
    read_addresses,
    read_site,
)
from integrations.services.items.search.words import to_key
from integrations.services.items.tables.columns.columns import leading_columns

COMPANY_LABELS: Final = frozenset({to_key("Company"), to_key("Company name")})
# What a field means that no connector told of, by its type and what it is called.
IS_OF: Final[Mapping[Role, Callable[[DisplayField], bool]]] = {
    Role.EMAIL: lambda field: isinstance(field.value, Email),
    Role.PHONE: lambda field: isinstance(field.value, Phone),
    Role.WEBSITE: lambda field: isinstance(field.value, Link) and names_site(field),
    Role.COMPANY: lambda field: (
        isinstance(field.value, Text) and to_key(field.label) in COMPANY_LABELS
    ),
}
# How what a role tells is read, and of which role a value is that has none.
READERS: Final[Mapping[Role, Callable[[str], Hashable]]] = {
    Role.EMAIL: read_addresses,
    Role.PHONE: PhoneNumber.parse,
    Role.WEBSITE: read_site,
}
ROLES: Final[Mapping[type, Role]] = {
    Email: Role.EMAIL,
    Phone: Role.PHONE,
    Link: Role.WEBSITE,
}


class Compared(Struct, frozen=True, kw_only=True):
    """One field of several items, that of each or none; ``label`` is the first's.

    Fields of one ``role`` may have labels of their own; others are called the same.
    """

    label: str
    fields: Sequence[DisplayField | None]
    role: Role | None = None

    @property
    def is_called_the_same(self) -> bool:
        """Tell whether all providers call it so."""
        return len({to_key(field.label) for field in self.fields if field}) == 1

    @property
    def differs(self) -> bool:
        """Tell whether items say different things: however an address is written."""
        said = {_said(field.value, self.role) for field in self.fields if field}
        return not all(starmap(_is_same, combinations(said, 2)))


def compare(
    items: Sequence[Item], values: Sequence[Sequence[DisplayField]]
) -> Iterator[Compared]:
    """Yield a row for each field that lists show first of any of the items.

    Fields are the same if they have one role, or one label.
    """
    roles = _share(values, list(map(_roles_of, items, values)))
    keyed = [
        {_key_of(field, own): field for field in fields}
        for own, fields in zip(roles, values, strict=True)
    ]
    wanted: dict[_Key, str] = {}
    for item, own, fields in zip(items, roles, values, strict=True):
        by_name = {field.name: field for field in fields}
        for name in leading_columns(item.collection):
            if name in by_name:
                found = by_name[name]
                wanted.setdefault(_key_of(found, own), found.label)
    for key, label in wanted.items():
        yield Compared(
            label=label, fields=[each.get(key) for each in keyed], role=key.role
        )


def _said(value: Value, role: Role | None) -> Hashable:
    """Return what a value says, which does not depend on how that is written."""
    text = value.url if isinstance(value, Link) else plain(value)
    told = role if role in READERS else ROLES.get(type(value))
    found = READERS[told](text) if told else None
    return found or text.strip().casefold()


def _is_same(one: Hashable, other: Hashable) -> bool:
    if isinstance(one, PhoneNumber) and isinstance(other, PhoneNumber):
        return one.is_same(other)
    return one == other


class _Key(NamedTuple):
    """What fields that are the same have in common: their role, or their label."""

    role: Role | None
    label: str


def _key_of(field: DisplayField, roles: Mapping[str, Role]) -> _Key:
    role = roles.get(field.name)
    return _Key(role, "" if role else to_key(field.label))


def _roles_of(item: Item, fields: Sequence[DisplayField]) -> dict[str, Role]:
    """Return the roles of an item's fields by name: as its connector knows them.

    Of others a role has the only field that can have it: one of two is a guess.
    """
    known = _known_roles(item)
    if known:
        return {name: role for role, name in known.items()}
    found = {}
    for role, is_of in IS_OF.items():
        names = {field.name for field in fields if is_of(field)}
        if len(names) == 1:
            found[names.pop()] = role
    return found


def _known_roles(item: Item) -> Mapping[Role, str]:
    """Return what the connector knows; nothing after a mistake of ours, logged."""
    connector = CONNECTORS.get(item.provider)
    if connector is None:
        return {}
    try:
        with connector_boundary("field_roles", collection=item.collection_id):
            return connector.field_roles(item.type)
    except ConnectorError:
        return {}


def _share(
    values: Sequence[Sequence[DisplayField]], roles: Sequence[Mapping[str, Role]]
) -> list[Mapping[str, Role]]:
    """Return the roles, with those of fields that are called as one that has it is."""
    called: dict[str, Role] = {}
    for own, fields in zip(roles, values, strict=True):
        called |= {to_key(f.label): own[f.name] for f in fields if f.name in own}
    found: list[Mapping[str, Role]] = []
    for own, fields in zip(roles, values, strict=True):
        free = {f.name: called.get(to_key(f.label)) for f in fields}
        taken = set(own.values()) & {own[f.name] for f in fields if f.name in own}
        alike = {
            name: role for name, role in free.items() if role and role not in taken
        }
        found.append({**alike, **own})
    return found
