"""Find out what the values of a base's fields follow from, other fields included.

What a formula, lookup or rollup comes to changes without an edit of its record.
https://airtable.com/developers/web/api/field-model
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Any, Final

from integrations.providers.airtable.ids import FIELD, is_id
from integrations.providers.airtable.mapping.fields import (
    COMPUTED,
    MAX_OPTIONS,
    options_of,
)
from integrations.providers.typed.definitions import FOLLOWED, NAMING, fingerprint

Field = Mapping[str, Any]

REFERENCES: Final = ("recordLinkFieldId", "fieldIdInLinkedTable")
MANY_REFERENCES: Final = "referencedFieldIds"
# The type of what a value comes to is known of the field itself, and how it is shown
# changes none; what is referred to has parts of its own.
NOT_DEFINING: Final = frozenset({"result", "choices", MANY_REFERENCES})
# Parts that a table keeps; where there are more, all of the base count as one.
MOST_PARTS: Final = 20_000
Parts = Mapping[str, list[str]]


class Definitions:
    """The definitions of all fields of a base: some follow from those of others."""

    def __init__(self, fields: Iterable[Field]) -> None:
        """Know fields by their ids; what is read of one, or of a table, is kept."""
        self._fields = {str(each.get("id")): each for each in fields}
        self._read: dict[str, tuple[list[str], list[str]]] = {}
        self._tables: dict[str, Parts] = {}

    def of_table(self, fields: Iterable[Field], primary: str) -> Parts:
        """Return the parts by field, and those that names of records follow from.

        What some of the table's fields follow from is told once for all; a table is
        known by its primary field.
        """
        if primary not in self._tables:
            own = {str(each.get("id")) for each in fields if _is_defined(each)}
            self._tables[primary] = self._of_table(own, primary)
        return self._tables[primary]

    def _of_table(self, own: AbstractSet[str], primary: str) -> Parts:
        found = {NAMING: [_name_of(primary, own)]}
        waiting = sorted({*own, primary})
        seen, size = set(waiting), 0
        while waiting and size <= MOST_PARTS:
            key = waiting.pop()
            parts, others = self._own(key)
            told = [*parts, *(_name_of(each, own) for each in others)]
            found[_name_of(key, own)] = told
            size += len(told)
            waiting += [each for each in others if each not in seen]
            seen.update(others)
        if size > MOST_PARTS:
            whole = {key: self._whole(key) for key in sorted({*own, primary})}
            told_of = {_name_of(key, own): [each] for key, each in whole.items()}
            return {NAMING: found[NAMING], **told_of}
        return found

    def _whole(self, name: str) -> str:
        """Return one fingerprint of a field, or of the base that it follows from."""
        parts, others = self._own(name)
        return self._all if others else fingerprint(*parts)

    @cached_property
    def _all(self) -> str:
        return fingerprint({key: self._own(key) for key in self._fields})

    def _own(self, name: str) -> tuple[list[str], list[str]]:
        """Return the parts of a field, and the fields that it refers to."""
        if name not in self._read:
            entry = self._fields.get(name, {})
            references = sorted({*_references(entry)})
            self._read[name] = (sorted({*_parts_of(entry)}), references)
        return self._read[name]


def _name_of(key: str, own: AbstractSet[str]) -> str:
    return key if key in own else f"{FOLLOWED}{key}"


def _is_defined(entry: Field) -> bool:
    """Tell whether values follow from more than the type that the field itself has."""
    kinds = {*COMPUTED, "multipleRecordLinks"}
    return is_id(entry.get("id"), FIELD) and str(entry.get("type")) in kinds


def _parts_of(entry: Field) -> Iterator[str]:
    """Yield a fingerprint of a field, and one of each option that values may be."""
    kind, options = str(entry.get("type")), options_of(entry)
    own: Any = None
    if kind in COMPUTED:
        own = {key: told for key, told in options.items() if key not in NOT_DEFINING}
    elif kind == "multipleRecordLinks":
        own = options.get("linkedTableId")
    yield fingerprint(kind, own)
    choices = options.get("choices")
    told = choices if isinstance(choices, list) else []
    names = [str(each.get("name")) for each in told if isinstance(each, dict)]
    if len(names) > MAX_OPTIONS:
        yield fingerprint("choices", sorted(names))
    else:
        yield from (fingerprint("choice", each) for each in names)


def _references(entry: Field) -> Iterator[str]:
    options = options_of(entry)
    several = options.get(MANY_REFERENCES)
    told = [options.get(key) for key in REFERENCES]
    for each in (*told, *(several if isinstance(several, list) else ())):
        if is_id(each, FIELD):
            yield each
