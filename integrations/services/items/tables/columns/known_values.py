"""The values that a filter of a column offers: its options, or those of some rows."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from integrations.models import Collection, Item
from integrations.providers.typed.fields import singles_of
from integrations.providers.typed.plain import plain
from integrations.services.items.tables.columns.columns import Column, Family
from integrations.services.items.tables.columns.values import (
    fold,
    load_beside,
    values_of,
)

# The rows updated last tell what a column without options has.
LOOKED_AT: Final = 300
# What has choices, whether or not the provider tells them.
CHOSEN: Final = frozenset({Family.CHOICE, Family.USER})
# Between the spellings of what a filter compares as one.
GLUE: Final = " / "


class Known(NamedTuple):
    """Values that can be offered, and whether there may be others.

    ``folded`` has them by what each is compared as, as one may be several options.
    """

    values: Sequence[str] = ()
    are_all: bool = True
    folded: Mapping[str, str] = MappingProxyType({})

    def offered(self, text: str) -> str:
        """Return what is offered for a value of a filter, itself where nothing is."""
        return self.folded.get(fold(text), text)


def find_known(collection: Collection, column: Column) -> Known:
    """Return what can be offered of a column, by one query where it has no options."""
    if column.family not in CHOSEN:
        return Known()
    if column.options:
        labels = {key: GLUE.join(own) for key, own in _spellings(column).items()}
        return Known([*labels.values()], folded=labels)
    rows = Item.objects.live().filter(collection=collection)
    rows = rows.order_by("-remote_updated_at", "-id")
    items = list(rows.only("name", "properties", "remote_id")[:LOOKED_AT])
    load_beside(items, [column])
    told = (values_of(item, collection, [column]).get(column.id) for item in items)
    singles = (each for value in told if value for each in singles_of(value))
    texts = {" ".join(plain(each).split()) for each in singles}
    found = _by_fold(sorted(texts))
    ordered = {key: found[key][0] for key in sorted(found)}
    return Known([*ordered.values()], are_all=False, folded=ordered)


def meant(column: Column, texts: Iterable[str]) -> list[str]:
    """Return the values that offered ones stand for: of several options the first."""
    first = {GLUE.join(own): own[0] for own in _spellings(column).values()}
    return [first.get(each, each) for each in texts]


def _spellings(column: Column) -> Mapping[str, Sequence[str]]:
    """Return options by what they are compared as: one or several of each.

    People stand by their names, and other choices as the provider orders them.
    """
    is_named = column.family is Family.USER
    options = sorted(column.options, key=fold) if is_named else column.options
    return _by_fold(" ".join(each.split()) for each in options)


def _by_fold(texts: Iterable[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for each in dict.fromkeys(texts):
        # No filter can name what nothing is compared of.
        if key := fold(each):
            found.setdefault(key, []).append(each)
    return found
