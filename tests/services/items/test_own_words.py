"""What users noted is looked up by an index, in a few queries, by either database."""

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Collection, OwnColumn, OwnValue
from integrations.models.remote_key import remote_key
from integrations.providers.records import IntegrationItem
from integrations.services.items.search import own_words
from integrations.services.items.storage import store
from tests.support.plans import STATISTICS, tell_statistics, whole_reads
from tests.support.rows import make_collection, make_connection

MANY, PAGE = 3000, 100


@pytest.fixture
def noted(alice: User) -> Collection:
    """Return a collection beside which one user noted much, as others did."""
    made = make_collection(make_connection(alice), remote_id="deals", item_type="deal")
    for number in range(3):
        owner = alice if number < 2 else User.objects.create_user("carol")
        column = OwnColumn.objects.create(
            owner=owner, name=f"Mine {number}", kind="text", **remote_key(made)
        )
        OwnValue.objects.bulk_create(
            OwnValue(column=column, remote_id=str(n), value=f"Easter {number}")
            for n in range(MANY)
        )
    return made


def captured(action):
    with CaptureQueriesContext(database) as queries:
        action()
    return [str(each["sql"]) for each in queries.captured_queries]


@pytest.mark.parametrize("statistics", STATISTICS)
def test_notes_of_a_page_are_read_by_an_index(noted, statistics):
    ids = [str(n) for n in range(PAGE)]
    tell_statistics(statistics)

    asked = captured(lambda: own_words.find_words(noted, ids))

    assert len(asked) == 2
    assert whole_reads(asked) == []
    assert own_words.find_words(noted, ids)["7"] == ["easter", "0", "easter", "1"]


def test_a_sync_asks_for_notes_of_what_changed_and_one_query_where_there_are_none(
    noted,
):
    now = timezone.now()
    page = [
        IntegrationItem(id=str(n), type="deal", name=f"Deal {n}") for n in range(PAGE)
    ]

    def stored(items):
        return captured(lambda: store.store_page(noted, items, run_id=None, now=now))

    def of_notes(asked):
        return [
            sql
            for sql in asked
            if "integrations_own" in sql and sql.startswith("SELECT")
        ]

    assert len(of_notes(stored(page))) == 2
    assert of_notes(stored(page)) == []
    OwnColumn.objects.all().delete()
    changed = [IntegrationItem(id="7", type="deal", name="Other")]
    assert len(of_notes(stored(changed))) == 1
