"""The table of all that a relation links with an item: filtered, kept, walked."""

from itertools import product
from urllib.parse import urlencode

import pytest
from django.db import connection as database
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from integrations.models import Item, ItemLink, SavedView
from integrations.providers.records import IntegrationItem
from integrations.services.items.downloads import asked as asked_file
from integrations.services.items.saved_views.problems import Problem
from integrations.services.items.search import full_text
from integrations.services.items.storage import store
from integrations.services.items.tables import listing, selection
from integrations.services.items.tables.opening import OpenTable
from integrations.services.notices.following import view_items
from tests.support.pages.kept_rows import kept
from tests.support.plans import STATISTICS, tell_statistics, whole_reads
from tests.support.rows import NOON, make_collection, make_connection, make_item

LEAD, MEMBERS, WORKS_ON = "lead", "members", "works_on"
PROJECTS = [
    {"name": LEAD, "label": "Lead", "kind": "relation"},
    {"name": MEMBERS, "label": "Members", "kind": "relation"},
]
PEOPLE = [
    {"name": "age", "label": "Age", "kind": "number"},
    {"name": "role", "label": "Role", "kind": "choice", "options": {"a": "Admin"}},
    {"name": WORKS_ON, "label": "Works on", "kind": "relation"},
]


@pytest.fixture
@kept
def people(connection):
    """Return twelve people, of whom two lead a project and eight are its members."""
    connection.provider = "airtable"
    connection.save(update_fields=["provider"])
    made = make_collection(
        connection,
        remote_id="people",
        name="People",
        item_type="record",
        schema={"fields": PEOPLE},
    )
    put(made, [(f"{n}", f"Person {n}", {"age": n}) for n in range(12)])
    return made


@pytest.fixture
@kept
def project(connection, people):
    projects = make_collection(
        connection,
        remote_id="projects",
        name="Projects",
        item_type="record",
        schema={"fields": PROJECTS},
    )
    put(projects, [("p", "Relaunch", {})])
    item = projects.items.select_related("collection__connection").get()
    named = {LEAD: [0, 2], MEMBERS: range(1, 9)}
    ItemLink.objects.bulk_create(
        ItemLink(
            item=item,
            connection=connection,
            relation=relation,
            position=position,
            target_collection="people",
            target_remote_id=f"{n}",
        )
        for relation, numbers in named.items()
        for position, n in enumerate(numbers)
    )
    return item


def put(collection, told):
    items = [
        IntegrationItem(id=key, type="record", name=name, properties=properties)
        for key, name, properties in told
    ]
    store.store_page(collection, items, run_id=None, now=NOON)
    collection.refresh_from_db()


def address(people, project, relation=MEMBERS, **more):
    told = {"linked_to": project.uuid, "relation": relation, **more}
    return f"/collections/{people.pk}/?{urlencode(told)}"


def ages(page):
    return [row.item.properties["age"] for row in page.context["rows"]]


def test_a_relation_goes_with_every_other_filter(
    as_alice, people, project, monkeypatch, subtests
):
    """However few the rows must be that are fetched at once."""
    for (more, expected), few in product(
        (
            ({"sort": "age"}, [1, 2, 3, 4, 5, 6, 7, 8]),
            ({"sort": "-age"}, [8, 7, 6, 5, 4, 3, 2, 1]),
            ({"sort": "age", "age__gt": "5"}, [6, 7, 8]),
            (
                {"sort": "age", "age__gt": "7", "age__lt": "2", "match": "any"},
                [1, 8],
            ),
            ({"sort": "age", "q": "person 4"}, [4]),
            ({"sort": "age", "q": "person", "age__lt": "4"}, [1, 2, 3]),
        ),
        (1000, 2),
    ):
        with subtests.test(more=more, expected=expected, few=few):
            monkeypatch.setattr(selection, "FEW", few)
            monkeypatch.setattr(listing, "FEW", few)
            monkeypatch.setattr(full_text, "FEW", few)

            page = as_alice.get(address(people, project, **more))

            assert ages(page) == expected
            assert page.context["linked"]["words"] == "It is in Members of “Relaunch”"
            assert page.context["count_text"].startswith(f"{len(expected)} of")


def test_a_search_holds_beside_a_filter_that_few_rows_pass(
    as_alice, people, monkeypatch
):
    """Of many rows that a search finds only those that have the condition."""
    monkeypatch.setattr(full_text, "STEPS", (8, 20))
    monkeypatch.setattr(full_text, "ENOUGH", 4)
    put(people, [(f"x{n}", f"Robot {n}", {"age": n}) for n in range(12)])

    page = as_alice.get(f"/collections/{people.pk}/?q=robot&age__is=3")

    assert [row.item.name for row in page.context["rows"]] == ["Robot 3"]


def test_rows_of_a_relation_are_grouped_and_counted(as_alice, people, project):
    people.items.filter(remote_id__in=["0", "1", "2"]).update(properties={"role": "a"})

    page = as_alice.get(address(people, project, group="role"))

    assert {each["label"]: each["count"] for each in page.context["group_rows"]} == {
        "Admin": 2,
        "Without Role": 6,
    }


def test_a_view_keeps_the_relation_and_a_file_has_its_rows(as_alice, people, project):
    url = address(people, project, sort="age")

    as_alice.post("/views/new/", {"back": url, "name": "Team"})
    view = SavedView.objects.get()
    page = as_alice.get(view.get_absolute_url(), follow=True)
    file = as_alice.post(
        page.context["download_url"], {"form": "csv", "values": "shown"}
    )
    lines = b"".join(file.streaming_content).decode().splitlines()

    assert ages(page) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert view_items.all_shown(view, view.owner, most=50) == {
        row.item.pk for row in page.context["rows"]
    }
    assert [line.split(",")[0] for line in lines[1:]] == [
        f'"Person {n}"' for n in range(1, 9)
    ]


def test_a_view_of_an_item_that_is_gone_says_so_and_tells_nothing(
    as_alice, people, project
):
    as_alice.post("/views/new/", {"back": address(people, project), "name": "Team"})
    view = SavedView.objects.get()
    project.delete()

    page = as_alice.get(view.get_absolute_url(), follow=True)

    assert selection.NOT_THERE in page.context["left_out"]
    with pytest.raises(view_items.BrokenViewError) as caught:
        view_items.all_shown(view, view.owner, most=50)
    assert caught.value.problem is Problem.LOST


def test_nobody_elses_item_filters_a_table(as_alice, people, bob):
    theirs = make_collection(make_connection(bob), remote_id="projects")
    other = make_item(theirs, name="Secret")

    page = as_alice.get(address(people, other))

    assert selection.NOT_THERE in page.context["left_out"]
    assert len(page.context["rows"]) == 12
    assert other.name not in page.content.decode()


@pytest.mark.parametrize(
    "asked", ["linked_to=nothing", "relation=members", "linked_to={}"]
)
def test_half_of_a_relation_is_said_to_be_left_out(as_alice, people, project, asked):
    page = as_alice.get(f"/collections/{people.pk}/?{asked.format(project.uuid)}")

    assert len(page.context["left_out"]) == 1
    assert len(page.context["rows"]) == 12


def walk(client, url):
    """Return the names of the items that one comes by from one that was opened."""
    page = client.get(url)
    seen = [page.context["item"].name]
    while len(seen) < 20:
        page = client.get(page.context["beside"]["next"], follow=True)
        if list(page.context["messages"]):
            return seen
        seen.append(page.context["item"].name)
    return seen


def test_one_walks_the_table_of_the_page_that_was_clicked(as_alice, people, project):
    """Person 2 is in both tables; the second one goes on with the members."""
    tables = as_alice.get(project.get_absolute_url()).context["tables"]
    rows = {each["label"]: each["rows"] for each in tables}

    in_lead = next(row for row in rows["Lead"] if row["item"].remote_id == "2")
    in_members = next(row for row in rows["Members"] if row["item"].remote_id == "2")

    assert walk(as_alice, in_lead["url"]) == ["Person 2"]
    assert walk(as_alice, in_members["url"]) == [f"Person {n}" for n in range(2, 9)]
    page = as_alice.get(in_members["url"])
    assert page.context["back_url"].startswith(project.get_absolute_url())


def test_one_walks_all_of_a_relation_in_the_order_of_its_table(
    as_alice, people, project
):
    url = address(people, project, sort="-age")
    first = as_alice.get(url).context["rows"][0].item

    opened = f"{first.get_absolute_url()}?{urlencode({'in': url})}"

    assert walk(as_alice, opened) == [f"Person {n}" for n in range(8, 0, -1)]


@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize("relation", [MEMBERS, f"-{WORKS_ON}"])
@pytest.mark.parametrize("more", [{}, {"sort": "age"}, {"age__gt": "3"}])
def test_no_large_table_is_read_whole_for_a_relation(
    people, project, alice, statistics, relation, more
):
    more_people = [(f"y{n}", f"Other {n}", {"age": n}) for n in range(300)]
    put(people, more_people)
    asked = QueryDict(
        urlencode({"linked_to": project.uuid, "relation": relation, **more})
    )
    people = asked_file.own_collections(alice).get(pk=people.pk)
    OpenTable.open(people, asked, alice)
    tell_statistics(statistics)

    with CaptureQueriesContext(database) as queries:
        table = OpenTable.open(people, asked, alice)
        page = listing.fetch_page(table.selection)
        listing.count(table.selection, page)

    assert Item.objects.count() > 300
    assert whole_reads(str(each["sql"]) for each in queries) == []


def test_a_table_of_a_relation_asks_few_questions(as_alice, people, project):
    more = {"sort": "-age", "age__gt": "1", "group": "role"}
    url = address(people, project, **more)
    as_alice.get(url)

    with CaptureQueriesContext(database) as queries:
        page = as_alice.get(url)

    assert ages(page) == [8, 7, 6, 5, 4, 3, 2]
    assert len(queries) <= 12
