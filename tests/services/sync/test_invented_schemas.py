"""Whatever becomes of a table's columns, each value is shown as what it is now."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import Collection, Item
from integrations.providers import CONNECTORS
from integrations.providers.text.rich_text import to_plain
from integrations.providers.typed import fields as typed
from integrations.services.common import queue
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from tests.providers.contract.case import Case
from tests.services.conftest import Broker, Unlimited
from tests.services.sync.test_invented_syncs import FIRST, begin, sync
from tests.support.provider_answers.changing import Record
from tests.support.provider_answers.columns import ANYTHING, CELLS, TEXTS, Column
from tests.support.provider_answers.invented import examples
from tests.support.provider_answers.restructured import Restructured

RECORDS, MOST_COLUMNS, MOST_CHANGES = 3, 5, 3
WAYS = ("add", "remove", "rename", "retype", "retype", "options", "recolour", "values")
# The form of the ids of columns: one that is removed never comes back.
IDS = {"airtable": "fldZZZZZZZZZZ{:04}", "hubspot": "own{:04}", "notion": "o%3A{:04}"}
IDS_BEGIN = {slug: form.partition("{")[0] for slug, form in IDS.items()}


@pytest.fixture
def restructured(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Restructured:
    """Put a provider whose table changes where the product's network is."""
    settings.CONTENT_PAGES_PER_RUN = 0
    provider = Restructured(case=Case(CONNECTORS["hubspot"]))
    limiter = Unlimited()
    monkeypatch.setattr(oauth_clients, "transport", lambda: provider)
    monkeypatch.setattr(clients, "limiter", lambda: limiter)
    monkeypatch.setattr(queue, "current_app", Broker())
    return provider


WORDS: dict[type, Callable[[Any], Any]] = {
    typed.Text: lambda value: ("text", value.text),
    typed.RichText: lambda value: ("text", to_plain(value.blocks)),
    typed.Number: lambda value: ("number", value.amount.normalize()),
    typed.Money: lambda value: ("money", value.amount.normalize()),
    typed.Percent: lambda value: ("percent", value.share.normalize()),
    typed.Duration: lambda value: ("seconds", value.seconds.normalize()),
    typed.Boolean: lambda value: ("yes", value.is_true),
    typed.Date: lambda value: ("date", str(value.day), value.end),
    typed.DateTime: lambda value: ("time", value.at),
    typed.Choice: lambda value: ("choice", value.label),
    typed.User: lambda value: ("user", value.id),
    typed.Email: lambda value: ("email", value.address),
    typed.Relation: lambda value: ("items", value.linked_ids, value.has_more),
    typed.Unavailable: lambda value: ("untold",),
    **dict.fromkeys(typed.SEVERAL, lambda told: tuple(map(shown, told.values))),
}


def shown(value: typed.Value) -> Any:
    """Return a typed value in the words of the model."""
    return WORDS[type(value)](value)


@st.composite
def columns(draw: st.DrawFn, provider: Restructured, numbers: Iterator[int]) -> Column:
    """Return one more column, of any type."""
    number, slug = next(numbers), provider.case.slug
    kind = draw(st.sampled_from(sorted(CELLS[slug])))
    options = draw(st.lists(TEXTS, unique=True, min_size=1, max_size=3))
    return Column(
        id=IDS[slug].format(number), name=f"C{number}", type=kind, options=options
    )


@st.composite
def filled(draw: st.DrawFn, provider: Restructured, column: Column) -> None:
    """Give a column another value in every record, or none."""
    make = CELLS[provider.case.slug][column.type](column)
    for record in provider.records:
        cells = provider.cells.setdefault(record, {})
        cells.pop(column.id, None)
        is_ticked = "check" in column.type
        if is_ticked or draw(st.sampled_from((True, True, True, False))):
            cells[column.id] = draw(make)


@st.composite
def changes(draw: st.DrawFn, provider: Restructured, numbers: Iterator[int]) -> None:
    """Change the structure in some ways, and the values as far as they follow."""
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        way = draw(st.sampled_from(WAYS))
        if way == "add" or not provider.columns:
            column = draw(columns(provider, numbers))
            provider.columns[column.id] = column
            draw(filled(provider, column))
            continue
        column = provider.columns[draw(st.sampled_from(sorted(provider.columns)))]
        if way == "remove":
            del provider.columns[column.id]
            continue
        if way == "rename":
            column.name = f"N{next(numbers)}"
        if way == "recolour":
            column.colour = draw(st.sampled_from(("red", "green")))
        if way == "retype":
            column.type = draw(st.sampled_from(sorted(CELLS[provider.case.slug])))
        if way in {"retype", "options"}:
            column.options = draw(st.lists(TEXTS, unique=True, min_size=1, max_size=3))
        if way in {"retype", "options", "values"}:
            draw(filled(provider, column))


def check_shown(provider: Restructured, collection: Collection) -> None:
    """Hold what is shown of each record against the model, column by column."""
    collection.connection.refresh_from_db()
    begin_of_ids = IDS_BEGIN[provider.case.slug]
    for item in Item.objects.live().filter(collection=collection):
        told = {
            each.name: (each.label, shown(each.value))
            for each in provider.case.connector.describe(
                item.properties, collection.schema, collection.connection.account
            )
            if each.name.startswith(begin_of_ids)
        }
        wanted = {
            key: (provider.columns[key].name, cell[1])
            for key, cell in provider.cells[item.remote_id].items()
            if key in provider.columns and cell[1] is not None
        }
        assert told.keys() == wanted.keys()
        for key, (label, value) in wanted.items():
            assert told[key][0] == label
            assert value == ANYTHING or told[key][1] == value, provider.columns[key]
        kept = {name for name in item.properties if name.startswith(begin_of_ids)}
        assert kept <= provider.columns.keys()


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize("slug", sorted(IDS))
@given(data=st.data())
@examples(6)
def test_what_is_shown_follows_the_structure(
    alice: User, restructured: Restructured, slug: str, data: st.DataObject
) -> None:
    provider, numbers = restructured, iter(range(1, 9_999))
    provider.case = Case(CONNECTORS[slug])
    first = provider.case.rows[0]["id"][:-3]
    provider.records = {
        f"{first}{n}": Record(id=f"{first}{n}", kept=7 if slug == "notion" else "kept")
        for n in range(FIRST, FIRST + RECORDS)
    }
    provider.columns, provider.cells = {}, {key: {} for key in provider.records}
    for _ in range(data.draw(st.integers(1, MOST_COLUMNS))):
        column = data.draw(columns(provider, numbers))
        provider.columns[column.id] = column
        data.draw(filled(provider, column))
    collection = begin(alice, provider)

    for _ in range(data.draw(st.integers(2, 3))):
        # Other tables are found as well, of which this provider answers nothing.
        sync(provider, collection, full=True)

        assert (collection.completeness, collection.reason) == ("complete", "")
        check_shown(provider, collection)
        data.draw(changes(provider, numbers))
