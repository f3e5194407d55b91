"""The columns of a collection: its fields, with what their types allow."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import astuple, replace

from integrations.models import Collection, OwnColumn
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import HasLinkFields
from integrations.providers.links import RELATION, SOURCE, TARGET
from integrations.providers.records import (
    COLOURS_KEY,
    NAME_LABEL_KEY,
    FieldSpec,
    read_fields,
)
from integrations.providers.typed.fields import CURRENCY_PROPERTY
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items.own_columns import typed
from integrations.services.items.tables.columns.beside import selected_beside

NAME, UPDATED, CREATED = "item.name", "item.updated", "item.created"
MOST_DEFAULT = 6


class Family(StrEnum):
    """What values of a column are compared as."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    CHOICE = "choice"
    USER = "user"
    RELATION = "relation"
    FILES = "files"
    INCOMING = "incoming"


FAMILIES: Mapping[str, Family] = {
    "boolean": Family.BOOLEAN,
    "choice": Family.CHOICE,
    "choices": Family.CHOICE,
    "date": Family.DATE,
    "datetime": Family.DATE,
    "duration": Family.NUMBER,
    "files": Family.FILES,
    "incoming": Family.INCOMING,
    "money": Family.NUMBER,
    "number": Family.NUMBER,
    "percent": Family.NUMBER,
    # What schemas of an earlier version call a user.
    "person": Family.USER,
    "pipeline": Family.CHOICE,
    "rating": Family.NUMBER,
    "relation": Family.RELATION,
    "serial": Family.NUMBER,
    "stage": Family.CHOICE,
    "user": Family.USER,
    "verification": Family.CHOICE,
}
# What the kinds of own columns are called elsewhere, if not the same.
KINDS = {OwnColumn.Kind.CHECK: "boolean", OwnColumn.Kind.PERSON: "user"}
# What has an order of its own, which that of its text is not.
COMPARED = frozenset({Family.DATE, Family.NUMBER})
# What names other items, by their ids.
LINKING = frozenset({Family.RELATION, Family.INCOMING})
# What is sorted by its text: that of a relation is the name of its first item.
BY_TEXT = frozenset({Family.TEXT, Family.USER, Family.FILES, Family.RELATION})
# Other kinds are texts.
GROUPED = frozenset({Family.CHOICE, Family.USER, Family.BOOLEAN})


class Column(Struct, frozen=True, kw_only=True):
    """One column: ``id`` is the property's own name, ``kind`` that of its field.

    ``needs`` are the properties that its values are typed with; ``options`` are the
    labels of a choice, in the provider's order, and ``colours`` theirs. ``yours`` is
    the column that a user made beside those of the provider. ``is_link`` tells of a
    relation that is no property, and ``target`` is the remote id of the collection
    that it leads to, where ids are those of a collection only. ``source`` is the remote
    id of the collection whose items name those of this one by ``relation``, ``width``
    how wide a user wants it. ``stands_for`` is the property that the column of the
    names is compared by.
    """

    id: str
    label: str
    kind: str = "text"
    family: Family = Family.TEXT
    group: str = ""
    options: Sequence[str] = ()
    needs: Sequence[str] = ()
    colours: Mapping[str, str] = field(default_factory=dict)
    is_own: bool = False
    is_link: bool = False
    target: str = ""
    source: str = ""
    relation: str = ""
    yours: OwnColumn | None = None
    width: str = ""
    stands_for: "Column | None" = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Column) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[object, ...]:
        """Return what tells it from another, which is not how it looks."""
        alike = replace(self, colours=(), yours=None, width="", stands_for=None)
        return astuple(alike)

    @property
    def compared(self) -> "Column":
        """Return the column whose values its rows are filtered and sorted by."""
        return self.stands_for or self

    @property
    def can_be_empty(self) -> bool:
        """Tell whether an item may have no value in it: each one has a name."""
        return self.compared.id != NAME

    @property
    def is_number(self) -> bool:
        """Tell whether its values are aligned by their digits."""
        return self.family is Family.NUMBER

    @property
    def sorts_by_text(self) -> bool:
        """Tell whether its values are sorted by their text, else by their number.

        That of a choice is its place among the options, and that of what names an
        item how many there are.
        """
        is_unordered = self.family is Family.CHOICE and not self.options
        return is_unordered or self.family in BY_TEXT

    @property
    def can_group(self) -> bool:
        """Tell whether rows can be grouped by it."""
        return self.family in GROUPED


OWN = (
    Column(id=NAME, label="Name", is_own=True),
    Column(
        id=UPDATED, label="Updated", kind="datetime", family=Family.DATE, is_own=True
    ),
    Column(
        id=CREATED, label="Created", kind="datetime", family=Family.DATE, is_own=True
    ),
)


class Columns(Struct, frozen=True, kw_only=True):
    """All columns of a collection by id, and those that are shown at first.

    ``naming`` is the property, if any, that the column of the names stands for. Where
    that is empty something else is shown for a name, which no filter and no order is
    of.
    """

    by_id: Mapping[str, Column]
    default: Sequence[str] = ()
    naming: Column | None = None

    def get(self, column_id: str) -> Column | None:
        """Return a column to filter by, None for one that is not there."""
        is_name = self.naming is not None and column_id == self.naming.id
        return self.naming if is_name else self.by_id.get(column_id)

    def indexed(self, name: str) -> Column | None:
        """Return the column that an index of this name is of, by its own values.

        One of the names may be left from when these were compared as they are shown,
        and a release of then may run beside.
        """
        column = self.get(name)
        return None if column is None else replace(column, stands_for=None)

    def find(self, told: str) -> Column | None:
        """Return a column to show or to sort by, None for one that is not there.

        The property that names the items was a column of its own once.
        """
        is_name = self.naming is not None and told == self.naming.id
        return self.by_id.get(NAME if is_name else told)


def columns_of(collection: Collection) -> Columns:
    """Return the columns of a collection; its schema must have been fetched."""
    specs = [spec for spec in read_fields(collection.schema) if not spec.is_hidden]
    schema = collection.schema
    naming = _naming(collection, specs)
    lookups, colours = _by_name(schema, "lookups"), colours_of(collection)
    fields = (
        _to_column(spec, lookups, colours) for spec in specs if spec is not naming
    )
    yours: list[Column] = []
    if getattr(collection, "has_own_columns", True):
        own_columns = OwnColumn.objects.of_collection(collection)
        yours = [_yours(each, collection) for each in own_columns]
    named = _to_column(naming, {}, {}) if naming else None
    # As its users know it, who may have another field called Name.
    label = named.label if named else name_label(collection)
    name = replace(OWN[0], label=label, stands_for=named)
    found = [name, *fields, *_links(collection), *yours, *OWN[1:]]
    by_id = {column.id: column for column in found}
    parts = [each for each in naming_parts(collection) if each in by_id]
    # A name that is a number or a day is sorted as one in its own column only.
    leading = [each for each in parts if by_id[each].family in COMPARED]
    leading += [each for each in leading_columns(collection) if each in by_id]
    shown = [*dict.fromkeys(leading)]
    own = [column.id for column in yours]
    shown = [*shown[:MOST_DEFAULT], *own]
    default = (NAME, *shown, UPDATED)
    return Columns(by_id=by_id, default=default, naming=named)


def name_label(collection: Collection) -> str:
    """Return what users call the names of its items, where these are no property's."""
    return str(collection.schema.get(NAME_LABEL_KEY) or OWN[0].label)


def fields_of_kind(collection: Collection, kind: str) -> Sequence[Column]:
    """Return the columns of a collection's own fields of one kind, by no query."""
    specs = [spec for spec in read_fields(collection.schema) if not spec.is_hidden]
    return [_to_column(spec, {}, {}) for spec in specs if spec.kind == kind]


def _naming(collection: Collection, specs: Sequence[FieldSpec]) -> FieldSpec | None:
    """Return the field that is the items' name and nothing more, if there is one.

    What is compared as a number or a date, leads somewhere, has marks or is longer, is
    more.
    """
    connector = CONNECTORS.get(collection.connection.provider)
    if connector is None:
        return None
    named = connector.naming_property(collection.item_type, collection.schema)
    words = (spec for spec in specs if spec.kind == "text" and not spec.is_long)
    return next((spec for spec in words if spec.name == named), None)


def _links(collection: Collection) -> list[Column]:
    """Return the relations that the schema does not name."""
    incoming = incoming_columns(collection)
    if not incoming:
        return link_columns(collection)
    read = selected_beside(collection)
    found = [column for column in incoming if column.source in read]
    return [*link_columns(collection), *found]


def link_columns(collection: Collection) -> list[Column]:
    """Return the relations of a collection that no schema names."""
    connection = collection.connection
    connector: object = CONNECTORS.get(connection.provider)
    if not isinstance(connector, HasLinkFields):
        return []
    specs = connector.link_fields(collection.remote_id, connection.account)
    columns = [(_to_column(spec, {}, {}), spec.options) for spec in specs]
    return [
        replace(column, is_link=True, target=options.get(TARGET, ""))
        for column, options in columns
    ]


def incoming_columns(collection: Collection) -> list[Column]:
    """Return what other collections name of this one, whether they are read or not."""
    connection = collection.connection
    connector: object = CONNECTORS.get(connection.provider)
    if not isinstance(connector, HasLinkFields):
        return []
    specs = connector.incoming_fields(collection.remote_id, connection.account)
    columns = [(_to_column(spec, {}, {}), spec.options) for spec in specs]
    return [
        replace(column, source=options[SOURCE], relation=options[RELATION])
        for column, options in columns
    ]


def _yours(own: OwnColumn, collection: Collection) -> Column:
    kind = KINDS.get(OwnColumn.Kind(own.kind), own.kind)
    names = own.options
    if own.kind == OwnColumn.Kind.PERSON:
        names = typed.owner_names(collection)
    return Column(
        id=own.column_id,
        label=own.name,
        kind=kind,
        family=FAMILIES.get(kind, Family.TEXT),
        group="Your own",
        options=tuple(names),
        yours=own,
    )


def leading_columns(collection: Collection) -> Sequence[str]:
    """Return the properties that the provider's own lists show first.

    None after a mistake of ours, which is logged: a page needs no order of them.
    """
    return _told(collection, "leading_columns")


def naming_parts(collection: Collection) -> Sequence[str]:
    """Return the properties that items are named by, none after a mistake of ours."""
    return _told(collection, "naming_parts")


def _told(
    collection: Collection, what: Literal["leading_columns", "naming_parts"]
) -> Sequence[str]:
    connector = CONNECTORS.get(collection.connection.provider)
    if connector is None:
        return ()
    try:
        with connector_boundary(what, collection=collection.pk):
            return (*getattr(connector, what)(collection.item_type, collection.schema),)
    except ConnectorError:
        return ()


Named = Mapping[str, Mapping[str, str]]


def colours_of(collection: Collection) -> Named:
    """Return the colours of the options of a collection's choices, by property."""
    return _by_name(collection.schema, COLOURS_KEY)


def _by_name(schema: Mapping[str, Any], key: str) -> Named:
    kept = schema.get(key)
    return kept if isinstance(kept, dict) else {}


def _to_column(spec: FieldSpec, lookups: Named, colours: Named) -> Column:
    family = FAMILIES.get(spec.kind, Family.TEXT)
    named = lookups.get(spec.kind) or {}
    labels = [*(named or spec.options).values()] if family is Family.CHOICE else []
    if family is Family.USER:
        labels = [*(lookups.get("owner") or {}).values()]
    currency = spec.options.get(CURRENCY_PROPERTY)
    return Column(
        id=spec.name,
        label=spec.label,
        kind=spec.kind,
        family=family,
        group=spec.group,
        colours=colours.get(spec.name) or {},
        options=tuple(dict.fromkeys(map(str, labels))),
        needs=(spec.name, *([currency] if currency else [])),
    )
