"""Values of every type are shown as what they are, and kept without what expires."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import Collection, Item
from integrations.providers import CONNECTORS
from tests.providers.contract.case import Case
from tests.services.sync.invented.test_invented_syncs import FIRST, begin, sync
from tests.support.provider_answers.accounts import Account
from tests.support.provider_answers.cells import hubspot
from tests.support.provider_answers.cells.common import TEXTS, Column
from tests.support.provider_answers.changing import Record
from tests.support.provider_answers.invented import examples, leave_out_simplest
from tests.support.provider_answers.shown import IDS, check_shown
from tests.support.provider_answers.tables import CELLS, Table

RECORDS = 4


@st.composite
def filled(draw: st.DrawFn, table: Table) -> None:
    """Give every record another value in every column, or none."""
    slug = table.case.slug
    for record in table.records.values():
        cells = table.cells[record.id] = {}
        record.edited = timezone.now()
        for column in table.columns.values():
            is_ticked = "check" in column.kind
            if is_ticked or draw(st.sampled_from((True, True, True, False))):
                cells[column.id] = draw(CELLS[slug][column.type](column))
            elif slug == "hubspot":
                cells[column.id] = draw(hubspot.EMPTY)


@st.composite
def tables(draw: st.DrawFn, case: Case) -> Table:
    """Return a table with a column of each type."""
    columns = [
        Column(
            id=IDS[case.slug].format(number),
            name=f"C{number}",
            type=kind,
            options=draw(st.lists(TEXTS, unique=True, min_size=1, max_size=3)),
        )
        for number, kind in enumerate(CELLS[case.slug])
    ]
    remote_id, first = case.script["collection"]["remote_id"], case.rows[0]["id"][:-3]
    records = [Record(id=f"{first}{FIRST + n}", kept="A") for n in range(RECORDS)]
    return Table(
        case=case,
        id=remote_id,
        name="Tasks",
        holder=remote_id.partition("/")[0] if case.slug == "airtable" else "",
        columns={each.id: each for each in columns},
        records={each.id: each for each in records},
    )


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize("slug", sorted(CELLS))
@given(data=st.data())
@examples(1)
def test_every_value_is_shown_as_what_it_is(
    alice: User, account: Account, slug: str, data: st.DataObject
) -> None:
    leave_out_simplest(data)
    case = account.case = Case(CONNECTORS[slug])
    table = data.draw(tables(case))
    account.tables, account.holders = {table.id: table}, {table.holder: "Projects"}
    data.draw(filled(table))
    collection = begin(alice, account)

    sync(account, collection)
    assert (collection.completeness, collection.reason) == ("complete", "")
    check_shown(table, collection)

    # Addresses of files are signed anew in every answer: that is no change.
    stored = _stored(collection)
    for is_full in (True, False):
        sync(account, collection, full=is_full)
        assert _stored(collection) == stored

    data.draw(filled(table))
    sync(account, collection)
    check_shown(table, collection)


def _stored(collection: Collection) -> dict[str, tuple[Any, ...]]:
    items = Item.objects.filter(collection=collection)
    return {i.remote_id: (i.digest, i.changed_at, i.properties) for i in items}
