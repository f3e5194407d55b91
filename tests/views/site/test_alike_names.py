"""Collections of one connection that have one name are told apart on every page."""

import re
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Connection, Item, SavedView
from integrations.services.connections.naming import collection_names
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

pytestmark = pytest.mark.django_db
STAGE = {"name": "stage", "label": "Stage", "kind": "choice"}


@pytest.fixture
@kept
def notion(alice: User) -> Connection:
    return make_connection(alice, provider="notion", account_name="Acme")


def make_tasks(notion: Connection, number: int, name: str = "Tasks") -> Collection:
    made = make_collection(
        notion,
        remote_id=f"source{number}",
        name=name,
        item_type="page",
        schema={"fields": [{**STAGE, "options": {"a": "A"}}]},
        first_full_refresh_at=NOON,
    )
    make_item(made, name=f"Row {number}", properties={"stage": "a"})
    made.refresh_from_db()
    return made


@pytest.fixture
@kept
def tasks(notion: Connection) -> list[Collection]:
    """Return two tables of one name, in databases of one name, on two pages."""
    made = [make_tasks(notion, number) for number in (1, 2)]
    places = make_collection(notion, remote_id="databases", name="Databases")
    for number, page in ((1, "Marketing"), (2, "Sales")):
        make_item(
            places,
            remote_id=f"source{number}",
            name="Tasks",
            parent_remote_id=f"database{number}",
            parent_name="Tasks",
        )
        make_item(
            places,
            remote_id=f"database{number}",
            name="Tasks",
            parent_remote_id=f"page{number}",
            parent_name=page,
        )
    return made


TOLD = {"Tasks (in Marketing)", "Tasks (in Sales)"}


def test_the_nearest_that_differs_of_what_holds_them_is_named(
    tasks: list[Collection],
) -> None:
    assert {*collection_names(tasks).values()} == TOLD


def test_numbers_tell_those_apart_of_which_nothing_is_known(
    notion: Connection, bob: User
) -> None:
    alike = [make_tasks(notion, number, name) for number, name in ((1, "a"), (2, "A"))]
    other = make_tasks(make_connection(bob, provider="notion"), 1, "a")

    names = collection_names([other, *alike])

    first, second = alike
    assert names[first.pk] == f"{first.name} (1)"
    assert names[second.pk] == f"{second.name} (2)"
    assert names[other.pk] == "a"
    assert collection_names([*reversed(alike), other]) == names


def test_a_number_is_the_same_beside_whichever_namesake(notion: Connection) -> None:
    """Of three, those that nobody chose or sees here count as well."""
    alike = [make_tasks(notion, number) for number in (1, 2, 3)]

    pairs = [collection_names(pair) for pair in combinations(alike, 2)]

    for place, each in enumerate(alike, start=1):
        told = {names[each.pk] for names in pairs if each.pk in names}
        assert told == {f"Tasks ({place})"}


def test_two_in_places_of_one_name_are_told_apart_on_any_page(
    notion: Connection, tasks: list[Collection]
) -> None:
    places = Collection.objects.get(remote_id="databases")
    for number, page in ((3, "Marketing"), (4, "Sales")):
        tasks.append(make_tasks(notion, number))
        make_item(
            places,
            remote_id=f"source{number}",
            name="Tasks",
            parent_remote_id=f"page{number}",
            parent_name=page,
        )

    pairs = [collection_names(pair) for pair in combinations(tasks, 2)]

    told = [{names[each.pk] for names in pairs if each.pk in names} for each in tasks]
    assert all(len(each) == 1 for each in told)
    assert len(set.union(*told)) == len(tasks)


def test_one_of_which_nothing_is_known_leaves_the_others_their_places(
    notion: Connection, tasks: list[Collection]
) -> None:
    unknown = make_tasks(notion, 3)

    assert {*collection_names(tasks).values()} == TOLD
    assert collection_names([unknown, tasks[0]])[unknown.pk] == "Tasks (3)"


def test_namesakes_cost_few_queries(
    tasks: list[Collection], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(3):
        collection_names(tasks)


def test_names_that_differ_cost_no_query(notion: Connection) -> None:
    found = [make_tasks(notion, number, f"Tasks {number}") for number in (1, 2)]

    with CaptureQueriesContext(database) as queries:
        collection_names(found)

    assert not queries.captured_queries


@pytest.mark.parametrize(
    "path",
    ["/charts/", "/items/", "/connections/{pk}/", "/connections/{pk}/collections/"],
)
def test_each_page_that_names_both_tells_them_apart(
    as_alice: Client, notion: Connection, tasks: list[Collection], path: str
) -> None:
    page = as_alice.get(path.format(pk=notion.pk))

    assert page.status_code == 200
    assert all(name in page.text for name in TOLD)


def test_a_view_that_fits_both_asks_for_one_of_them(
    as_alice: Client, bob: User, tasks: list[Collection]
) -> None:
    view = SavedView.objects.create(
        owner=bob,
        is_shared=True,
        name="Bob's",
        provider="notion",
        account_id="of another account",
        collection_id="of another account",
        collection_name="Tasks",
        item_type="page",
    )

    page = as_alice.get(view.get_absolute_url())

    assert {each["name"] for each in page.context["found"]} == TOLD
    assert all(name in page.text for name in TOLD)


def test_charts_of_both_have_names_of_their_own(
    as_alice: Client, tasks: list[Collection]
) -> None:
    main = as_alice.get("/charts/").text.split("<main")[1].split("</main")[0]

    headings = re.findall(r"<h[23]\b[^>]*>(.*?)</h[23]>", main, re.DOTALL)
    assert len(headings) >= 4
    assert max(Counter(map(str.strip, headings)).values()) == 1


def test_what_is_deleted_tells_nothing_apart(tasks: list[Collection]) -> None:
    Item.objects.filter(remote_id__startswith="database").update(
        deleted_at=NOON, deleted_kind="deleted"
    )

    assert {*collection_names(tasks).values()} == {"Tasks (1)", "Tasks (2)"}
