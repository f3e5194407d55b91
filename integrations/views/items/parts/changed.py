"""Put what changed in items in words: by field, what was and what is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from integrations.models import Item, ItemChange
from integrations.models.messages import wording
from integrations.providers.kinds import Deletion
from integrations.providers.links import relations_in
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField, read_fields
from integrations.providers.typed.fields import CURRENCY_PROPERTY, Relation
from integrations.services.common.errors import ConnectorError
from integrations.services.items import described
from integrations.services.items.history.telling import NAME, PREFIX, Parts, split
from integrations.services.items.relations import links
from integrations.services.items.relations.links import Links
from integrations.services.items.tables.columns.columns import name_label
from integrations.views.items.parts.values import show

PARENT, PARENT_NAME = "parent_remote_id", "parent_name"
FIELD_NAMES = {
    "name": "Name",
    "collection": "Collection",
    PARENT_NAME: "Parent",
    "remote_url": "Link",
}
CHANGE_KINDS = {"restored": "revived", "found": "found_out"}


class Told(NamedTuple):
    """Values as their connector describes them; where it cannot, raw or without links.

    ``mistake`` says so in words, as that is our own; it is empty otherwise.
    """

    fields: Sequence[DisplayField]
    mistake: str = ""


class Sides(NamedTuple):
    """What was and what is, and the mistake of ours that left either raw or short.

    ``parts`` say which of it is told as changed, ``name_label`` what users call names.
    """

    parts: Parts
    old: Sequence[DisplayField]
    new: Sequence[DisplayField]
    mistake: str = ""
    name_label: str = FIELD_NAMES["name"]


def describe(item: Item, values: Mapping[str, Any]) -> Told:
    """Return the values that an item has, as its connector describes them."""
    try:
        return Told(described.describe(item.collection, values, item=item.pk))
    except ConnectorError as exc:
        return _raw(values, exc)


def describe_past(item: Item, values: Mapping[str, Any]) -> Told:
    """Return values of another time, with all that they relate to."""
    try:
        told = described.describe_all(item.collection, values, item=item.pk)
    except ConnectorError as exc:
        return _raw(values, exc)
    if not told.reference:
        return Told(told.fields)
    mistake = wording.connector_text(told.reference, wording.LINKS_UNKNOWN)
    return Told(told.fields, mistake)


def _raw(values: Mapping[str, Any], exc: ConnectorError) -> Told:
    mistake = wording.connector_text(exc.reference, wording.RAW_VALUES)
    return Told(describe_raw(values, {}), mistake)


def changes(
    item: Item, sides: Sequence[tuple[ItemChange, Sides]], linked: Links
) -> Iterator[dict[str, Any]]:
    """Yield what happened to the item, latest first, down to its first day here."""
    kind = "new" if item.was_new else "first_read"
    for change, both in sides:
        yield _entry(change, both, linked)
    yield {"when": item.first_seen_at, "kind": kind, "run": None, "fields": []}


def describe_sides(item: Item, change: ItemChange) -> Sides:
    """Return what was and what is, beside the values that their meaning hangs on."""
    parts = split(item.collection, change.fields)
    pairs = {**parts.changed, **parts.noted}
    specs = read_fields(item.collection.schema)
    currencies = {spec.options.get(CURRENCY_PROPERTY) for spec in specs}
    beside = {n: v for n, v in item.properties.items() if n in currencies}

    def describe_some(values: Mapping[str, Any]) -> Told:
        told = describe_past(item, {**beside, **values})
        return told._replace(fields=[f for f in told.fields if f.name in values])

    then, now = map(describe_some, _values(pairs))
    old, new, mistake = then.fields, now.fields, then.mistake or now.mistake
    told = Sides(parts, old, new, mistake, name_label(item.collection))
    if PARENT not in pairs or PARENT_NAME in pairs:
        return told
    parents = [_parent(remote_id) for remote_id in pairs[PARENT]]
    if any(_names(side, parent) for side in (old, new) for parent in parents):
        return told
    return told._replace(old=[*old, parents[0]], new=[*new, parents[1]])


def _parent(remote_id: object) -> DisplayField:
    """Return the item that one belongs to, of which only the id was kept."""
    ids = (str(remote_id),) if remote_id else ()
    return DisplayField(name=PARENT, label="Parent", value=Relation(linked_ids=ids))


def _names(side: Sequence[DisplayField], parent: DisplayField) -> bool:
    """Tell whether relations among values tell of a parent already."""
    named = {i for f in side for each in relations_in(f.value) for i in each.linked_ids}
    return any(set(each.linked_ids) & named for each in relations_in(parent.value))


def _values(pairs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the old and the new values of the provider's own properties."""
    old, new = (
        {n.removeprefix(PREFIX): p[i] for n, p in pairs.items() if n.startswith(PREFIX)}
        for i in (0, 1)
    )
    return old, new


def changed_fields(sides: Sides, linked: Links) -> Iterator[dict[str, Any]]:
    """Yield each changed field with its old and new value as users read them."""
    for field in _fields(sides, linked):
        if field["name"] not in sides.parts.noted:
            yield field


def _noted_fields(sides: Sides, linked: Links) -> Iterator[dict[str, Any]]:
    """Yield the fields that only say when the item was edited."""
    if sides.parts.noted:
        for field in _fields(sides, linked):
            if field["name"] in sides.parts.noted:
                yield field


def _fields(sides: Sides, linked: Links) -> Iterator[dict[str, Any]]:
    changed = sides.parts.changed
    own = {n: pair for n, pair in changed.items() if not n.startswith(PREFIX)}
    own.pop(PARENT, None)
    for name, (old, new) in own.items():
        label = FIELD_NAMES.get(name, name) if name != NAME else sides.name_label
        yield {"name": name, "label": label, "old": old, "new": new}
    before, after = (texts_by_field(side, linked) for side in (sides.old, sides.new))
    for key in {**before, **after}:
        name, label = key
        yield {
            "name": PARENT if name == PARENT else f"{PREFIX}{name}",
            "label": label,
            "old": before.get(key, ""),
            "new": after.get(key, ""),
        }


def texts_by_field(
    fields: Sequence[DisplayField], linked: Links
) -> dict[tuple[str, str], str]:
    """Return what fields say, by their names and labels."""
    return {(f.name, f.label): show(f.value, linked).text for f in fields}


def put_in_words(changes: Sequence[ItemChange]) -> list[dict[str, Any]]:
    """Return changes of any items, whose collections were fetched, as users read them.

    What their values relate to is looked up once for all of them.
    """
    told = _told(changes)
    return [
        {"pk": change.pk, "item": change.item, **_entry(change, *told[change.pk])}
        for change in changes
    ]


def sum_up(changes: Sequence[ItemChange]) -> list[dict[str, Any]]:
    """Return changes that are not stored, one of each item, as users read them."""
    told = _told(changes)
    return [
        {
            "item": change.item,
            "mistake": told[change.pk][0].mistake,
            "fields": list(changed_fields(*told[change.pk])),
        }
        for change in changes
    ]


def _told(changes: Sequence[ItemChange]) -> dict[int, tuple[Sides, Links]]:
    """Return what the fields of changes are put in words with."""
    sides = {change.pk: describe_sides(change.item, change) for change in changes}
    linked = _find_linked(changes, sides)
    return {
        change.pk: (sides[change.pk], linked[change.item.connection_id])
        for change in changes
    }


def _entry(change: ItemChange, sides: Sides, linked: Links) -> dict[str, Any]:
    return {
        "when": change.at,
        "kind": CHANGE_KINDS.get(change.kind, change.kind),
        "why": _why(change, sides.parts),
        "run": change.run,
        "edit": getattr(change, "edit", None),
        "mistake": sides.mistake,
        "fields": list(changed_fields(sides, linked)),
        "noted": list(_noted_fields(sides, linked)),
    }


def _find_linked(
    changes: Sequence[ItemChange], sides: Mapping[int, Sides]
) -> Mapping[UUID, Links]:
    told = ((each, sides[each.pk]) for each in changes)
    return links.find_each((each.item, [*of.old, *of.new]) for each, of in told)


def _why(change: ItemChange, parts: Parts) -> str:
    """Return in words what became of a deleted item, or what no field tells."""
    if change.kind == ItemChange.Kind.FOUND:
        is_noted = parts.noted and not parts.changed
        return wording.ONLY_DATED if is_noted else wording.FOUND_OUT
    if change.kind == ItemChange.Kind.CHANGED and not parts.changed:
        return wording.NO_FIELD_CHANGED
    try:
        told = Deletion.from_json(change.fields.get("deletion"))
    except ValueError:
        return ""
    return wording.deletion_text(told.kind, told.detail)
