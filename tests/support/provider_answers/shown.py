"""What is shown of stored values, in the words of the model that is written by hand."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any

from integrations.models import Collection, Item
from integrations.providers.text.rich_text import to_plain
from integrations.providers.typed import fields as typed
from tests.support.provider_answers.cells.common import ANYTHING
from tests.support.provider_answers.tables import Table

# The form of the ids of columns: one that is removed never comes back.
IDS = {"airtable": "fldZZZZZZZZZZ{:04}", "hubspot": "own{:04}", "notion": "o%3A{:04}"}
IDS_BEGIN = {slug: form.partition("{")[0] for slug, form in IDS.items()}

WORDS: dict[type, Callable[[Any], Any]] = {
    typed.Text: lambda value: ("text", value.text),
    typed.RichText: lambda value: ("text", to_plain(value.blocks)),
    typed.Number: lambda value: (
        *("number", value.amount.normalize()),
        *filter(None, [value.prefix]),
    ),
    typed.Money: lambda told: ("money", told.amount.normalize(), unit_of(told)),
    typed.Percent: lambda value: ("percent", value.share.normalize()),
    typed.Duration: lambda value: ("seconds", value.seconds.normalize()),
    typed.Boolean: lambda value: ("yes", value.is_true),
    typed.Date: lambda value: ("date", str(value.day), value.end and str(value.end)),
    typed.DateTime: lambda value: ("time", value.at, value.end),
    typed.Choice: lambda value: ("choice", value.label),
    typed.User: lambda value: ("user", value.id),
    typed.Email: lambda value: ("email", value.address),
    typed.Phone: lambda value: ("phone", value.number),
    typed.Link: lambda value: ("link", value.url, value.label),
    typed.File: lambda value: ("file", value.name),
    typed.Relation: lambda value: ("items", value.linked_ids, value.has_more),
    typed.Unavailable: lambda value: ("untold",),
    **dict.fromkeys(typed.SEVERAL, lambda told: tuple(map(shown, told.values))),
}


def unit_of(value: typed.Money) -> str:
    return value.currency or value.symbol


def shown(value: typed.Value) -> Any:
    """Return a typed value in the words of the model."""
    return WORDS[type(value)](value)


def check_shown(
    provider: Table, collection: Collection, *, but: AbstractSet[str] = frozenset()
) -> None:
    """Hold what is shown of each record that is there against the model.

    Nothing is asked of the columns whose ids are in ``but``.
    """
    collection.connection.refresh_from_db()
    begin_of_ids = IDS_BEGIN[provider.case.slug]
    living = Item.objects.live().filter(remote_id__in=provider.living)
    for item in living.filter(collection=collection):
        told = {
            each.label: shown(each.value)
            for each in provider.case.connector.describe(
                item.properties, collection.schema, collection.connection.account
            )
            if each.name.startswith(begin_of_ids)
            if not each.name.startswith(tuple(but))
        }
        wanted = {
            provider.columns[key].name: cell[1]
            for key, cell in provider.cells.get(item.remote_id, {}).items()
            if key in provider.columns.keys() - but and cell[1] is not None
        }
        parts = {key for key in told if key.startswith(tuple(f"{w} " for w in wanted))}
        assert told.keys() - parts == wanted.keys()
        for label, value in wanted.items():
            assert value in {ANYTHING, told[label]}, (label, told[label], value)
        kept = {name for name in item.properties if name.startswith(begin_of_ids)}
        assert kept - but <= provider.columns.keys()
