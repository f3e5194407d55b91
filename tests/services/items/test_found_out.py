"""What a sync has only found out nobody is told of as a change at the provider."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations.models import Collection, Item, ItemChange
from integrations.models.messages import wording
from integrations.providers.records import IntegrationItem
from integrations.services.common.database.row_writes import MOST_ROWS
from integrations.services.items.history import changes
from integrations.services.items.history.change_query import ChangeQuery
from integrations.services.items.history.differences import MOST_CHANGED
from integrations.services.items.past import as_of
from integrations.services.items.storage import recording, store
from integrations.services.notices.following import news
from integrations.services.notices.following.news import Span
from integrations.views.items.parts.changed import put_in_words
from tests.support.rows import make_collection, make_connection, make_items

pytestmark = pytest.mark.django_db
EARLIER = timedelta(hours=2)
BURIED = "about.buried"


@pytest.fixture
def pages(alice: User) -> Collection:
    connection = make_connection(alice, provider="notion")
    return make_collection(connection, remote_id="pages", item_type="page")


def keep(
    collection: Collection,
    properties: dict[str, Any],
    *,
    ago: timedelta = timedelta(0),
    edited: datetime | None = None,
) -> store.PageCounts:
    item = IntegrationItem(
        id="p1",
        type="page",
        name="Plan",
        properties=properties,
        last_modified_time=edited,
    )
    now = timezone.now() - ago
    return store.store_page(collection, [item], run_id=None, now=now)


def kinds() -> list[tuple[str, set[str]]]:
    rows = ItemChange.objects.order_by("kind")
    return [(row.kind, set(row.fields)) for row in rows]


def shown(user: User, **filters: Any) -> list[str]:
    connections = list(user.connections.all())
    page = changes.fetch_page(ChangeQuery(**filters), connections)
    return [change.kind for change in page.changes]


def told(user: User) -> dict[int, datetime]:
    span = Span(since=timezone.now() - EARLIER / 2, until=timezone.now())
    return dict(news.of_all(user, span).at)


def test_a_page_inside_the_trash_has_not_changed(
    alice: User, pages: Collection
) -> None:
    keep(pages, {"a": 1}, ago=EARLIER)
    stored = Item.objects.get()

    counts = keep(pages, {"a": 1, BURIED: True}, ago=timedelta(minutes=1))

    assert (counts.changed, counts.unchanged) == (0, 1)
    assert kinds() == [("found", {f"properties.{BURIED}"})]
    item = Item.objects.get()
    assert item.properties[BURIED] is True
    assert item.changed_at == stored.changed_at
    assert (shown(alice), told(alice)) == ([], {})
    since = timezone.now() - EARLIER
    assert changes.count_unseen(list(alice.connections.all()), since) == (0, False)
    assert shown(alice, kind="found") == shown(alice, item=item.uuid) == ["found"]


def test_its_own_history_says_that_nobody_changed_it(pages: Collection) -> None:
    keep(pages, {}, ago=EARLIER)
    keep(pages, {BURIED: True})

    (entry,) = put_in_words(list(ItemChange.objects.select_related("item")))

    assert (entry["kind"], entry["why"]) == ("found_out", wording.FOUND_OUT)


def test_what_was_changed_at_the_same_time_is_told_alone(
    alice: User, pages: Collection
) -> None:
    keep(pages, {"a": 1}, ago=EARLIER)

    counts = keep(pages, {"a": 2, BURIED: True}, ago=timedelta(minutes=1))

    assert counts.changed == 1
    assert kinds() == [
        ("changed", {"properties.a"}),
        ("found", {f"properties.{BURIED}"}),
    ]
    assert shown(alice) == ["changed"]
    assert told(alice).keys() == {Item.objects.get().pk}


@pytest.mark.parametrize("is_edited", [True, False])
def test_an_edit_of_the_text_is_told_beside_what_was_found_out(
    pages: Collection, is_edited: bool
) -> None:
    before = timezone.now() - EARLIER
    edited = before + timedelta(hours=1) if is_edited else before
    keep(pages, {}, ago=EARLIER, edited=before)
    stored = Item.objects.get()

    counts = keep(pages, {BURIED: True}, edited=edited)

    assert counts.changed == is_edited
    own = [("changed", set[str]())] if is_edited else []
    assert kinds() == [*own, ("found", {f"properties.{BURIED}"})]
    assert (Item.objects.get().changed_at > stored.changed_at) is is_edited


def test_the_past_is_put_back_through_what_was_found_out(pages: Collection) -> None:
    keep(pages, {"a": 1}, ago=EARLIER)
    keep(pages, {"a": 2, BURIED: True}, ago=timedelta(minutes=1))
    at = timezone.now() - EARLIER / 2

    past = as_of.find_past(Item.objects.get(), at, now=timezone.now())

    assert past.properties == {"a": 1}


def test_the_rest_of_a_long_list_has_not_been_added(pages: Collection) -> None:
    keep(pages, {"rel": ["a", "…"]}, ago=EARLIER)

    assert keep(pages, {"rel": ["a", "b"]}).changed == 0
    assert keep(pages, {"rel": ["a", "b", "c"]}).changed == 1


def test_more_fields_than_are_kept_stay_in_one_record(pages: Collection) -> None:
    many = {f"p{number:03}": 1 for number in range(MOST_CHANGED + 1)}
    keep(pages, many, ago=EARLIER)
    keep(pages, dict.fromkeys(many, 2) | {BURIED: True}, ago=timedelta(minutes=1))
    at = timezone.now() - EARLIER / 2

    past = as_of.find_past(Item.objects.get(), at, now=timezone.now())

    assert [kind for kind, _ in kinds()] == ["changed"]
    assert past.is_vague


def test_a_row_that_is_only_written_again_has_not_changed(pages: Collection) -> None:
    keep(pages, {"a": 1}, ago=EARLIER)
    before = Item.objects.get()
    Item.objects.update(digest="", sort_name="wrong")

    keep(pages, {"a": 1})

    after = Item.objects.get()
    assert (after.sort_name, after.changed_at) == (before.sort_name, before.changed_at)
    assert kinds() == []


def test_times_of_many_are_put_back_in_few_statements(
    pages: Collection, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    start = timezone.now() - EARLIER
    ids = [str(number) for number in range(2 * MOST_ROWS + 1)]
    times = {each: start + timedelta(seconds=n) for n, each in enumerate(ids)}
    make_items(pages, [{"remote_id": each, "changed_at": times[each]} for each in ids])
    keys = dict(Item.objects.values_list("remote_id", "pk"))
    Item.objects.update(changed_at=timezone.now())
    since = {keys[each]: times[each] for each in ids}

    with django_assert_max_num_queries(3):
        recording.keep_times(recording.Recorded(unchanged_since=since))

    assert dict(Item.objects.values_list("remote_id", "changed_at")) == times


@pytest.mark.parametrize("is_partial", [True, False])
def test_a_parent_that_follows_from_links_is_found_out_with_them(
    alice: User, is_partial: bool
) -> None:
    deals = make_collection(make_connection(alice), item_type="deal")
    links = "associations.companies"
    mark = {f"{links}.has_more": True} if is_partial else {}
    sides = (({links: [], **mark}, None), ({links: ["7"]}, "7"))
    for properties, parent_id in sides:
        item = IntegrationItem(
            id="1",
            type="deal",
            name="Deal",
            parent_id=parent_id,
            properties=properties,
        )
        store.store_page(deals, [item], run_id=None, now=timezone.now())

    assert {kind for kind, _ in kinds()} == {"found" if is_partial else "changed"}


@pytest.mark.parametrize("is_edited", [False, True])
def test_a_value_of_an_unknown_type_is_found_out_while_no_edit_is_dated(
    alice: User, pages: Collection, is_edited: bool
) -> None:
    before = timezone.now() - EARLIER
    keep(pages, {"a": 1}, ago=EARLIER, edited=before)

    edited = before + timedelta(hours=1) if is_edited else before
    marked = {"a": 1, "young": {"unavailable": "unknown"}}
    counts = keep(pages, marked, ago=timedelta(minutes=1), edited=edited)

    kind = "changed" if is_edited else "found"
    assert counts.changed == is_edited
    assert kinds() == [(kind, {"properties.young"})]
    assert shown(alice) == (["changed"] if is_edited else [])
