"""Charts by stage say what they leave out, cost little and have names of their own."""

import html
import re
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Connection, PropertyIndex
from integrations.providers import CONNECTORS
from integrations.services.items.tables.columns.layouts import Layout, save_layout
from integrations.services.items.tables.indexing import indexes
from integrations.views.items.tables import grouped
from integrations.views.site import grouped_charts
from tests.support.pages.shown import words
from tests.support.rows import make_collection, make_connection, make_items

# All collections here have one name, which costs two of them.
MOST_QUERIES = 15
NAMED = re.compile(
    r"<(h2|h3|summary|caption)\b[^>]*>(.*?)</\1>|<(a)\b[^>]*>(.*?)</a>"
    r'|aria-label="([^"]*)"()',
    re.DOTALL,
)


def make_deals(
    connection: Connection, stages: int = 2, *, numbers: int = 1, items: int = 0
) -> Collection:
    """Make deals, one in each stage unless there are ``items``, with some numbers."""
    names = [f"n{n}" for n in range(numbers)]
    labels = {f"s{n}": f"Stage {n}" for n in range(stages)}
    stage = {"name": "dealstage", "label": "Stage", "kind": "stage"}
    fields = [{"name": n, "label": n.upper(), "kind": "number"} for n in names]
    deals = make_collection(
        connection,
        remote_id=f"deals{connection.collections.count()}",
        name="Deals",
        item_type="deal",
        schema={"fields": [*fields, stage], "lookups": {"stage": labels}},
    )
    rows = []
    for number in range(items or stages):
        told = {"dealstage": f"s{number % stages}", **dict.fromkeys(names, "5")}
        rows.append({"name": "x", "properties": told})
    make_items(deals, rows)
    layout = Layout(columns=("dealstage", *names))
    save_layout(connection.owner, deals, layout)
    deals.refresh_from_db()
    return deals


def codes(page: Any) -> set[str]:
    return set(re.findall(r'data-code="(\w+)"', page.text))


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        (8, set()),
        (9, {"charts_cut"}),
        (21, {"charts_cut"}),
        (51, {"charts_cut", "groups_left_out"}),
    ],
)
def test_groups_that_are_not_drawn_are_told(
    as_alice: Client, connection: Connection, stages: int, told: set[str]
) -> None:
    make_deals(connection, stages)

    page = as_alice.get("/charts/")

    assert codes(page) == told
    [drawn] = page.context["grouped"]
    assert {len(chart.bars) for chart in drawn["charts"]} == {8}
    assert len(drawn["group_rows"]) == min(stages, 50)


@pytest.mark.parametrize("numbers", [2, 3])
def test_numbers_that_are_not_summed_up_are_told(
    as_alice: Client, connection: Connection, numbers: int
) -> None:
    make_deals(connection, numbers=numbers)

    page = as_alice.get("/charts/")

    assert ("unsummed_columns" in codes(page)) is (numbers > 2)


def test_sums_whose_index_is_being_built_are_said_to_come(
    as_alice: Client, connection: Connection
) -> None:
    deals = make_deals(connection)
    as_alice.get("/charts/")
    building = PropertyIndex.State.BUILDING
    deals.property_indexes.filter(name="n0").update(state=building)

    page = as_alice.get("/charts/")

    [drawn] = page.context["grouped"]
    assert [chart.title for chart in drawn["charts"]] == ["Items"]
    assert codes(page) == {"building"}


def test_what_would_take_long_to_index_is_begun_and_said_to_come(
    as_alice: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouped_charts, "AT_ONCE", 3)
    few, many = make_deals(connection, 3), make_deals(connection, 4)

    page = as_alice.get("/charts/")

    drawn = {d["collection"].pk: bool(d["charts"]) for d in page.context["grouped"]}
    assert drawn == {few.pk: True, many.pk: False}
    assert codes(page) == {"building"}
    indexes.build(many.pk)
    assert codes(as_alice.get("/charts/")) == set()


@pytest.mark.parametrize(
    ("name", "value", "drawn"),
    [("MOST_ROWS", 7, [4, 3]), ("MOST_ROWS", 6, [4, 2]), ("MOST_GROUPED", 1, [4])],
)
def test_collections_that_are_too_many_or_too_large_are_told(
    as_alice: Client,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: int,
    drawn: list[int],
) -> None:
    for size in (4, 3, 2):
        make_deals(connection, size)
    assert "charts_undrawn" not in codes(as_alice.get("/charts/"))
    monkeypatch.setattr(grouped_charts, name, value)

    page = as_alice.get("/charts/")

    found = [each["collection"].stored_count for each in page.context["grouped"]]
    assert found == drawn
    assert "charts_undrawn" in codes(page)


def test_collections_with_money_are_drawn_before_larger_ones(
    as_alice: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouped_charts, "MOST_GROUPED", 1)
    make_deals(connection, 3)
    few = make_deals(connection, 2)
    money = {"name": "amount", "label": "Amount", "kind": "money"}
    few.schema = {**few.schema, "fields": [*few.schema["fields"], money]}
    few.save()

    page = as_alice.get("/charts/")

    assert [each["collection"] for each in page.context["grouped"]] == [few]


def test_the_charts_ask_little_of_the_database(
    as_alice: Client, connection: Connection
) -> None:
    for number in range(5):
        make_deals(connection, 20, numbers=3, items=30 + number)
    as_alice.get("/charts/")

    with CaptureQueriesContext(database) as queries:
        page = as_alice.get("/charts/")

    assert len(page.context["grouped"]) == 3
    asked = [each["sql"] for each in queries]
    assert len(asked) <= MOST_QUERIES, "\n".join(asked)


def test_charts_of_two_accounts_have_names_of_their_own(
    as_alice: Client, alice: User, connection: Connection
) -> None:
    other = make_connection(alice, account_name="Bolt")
    for each in (connection, other):
        make_deals(each, 9)

    main = as_alice.get("/charts/").text.split("<main")[1].split("</main")[0]

    found = Counter()
    for heading, head_text, link, text, label, _ in NAMED.findall(main):
        kind = heading or link or "region"
        found[kind, words(head_text or text or label)] += 1
    # Links to a stage stand in the table of their chart.
    stages = {("a", f"Stage {n}") for n in range(9)}
    assert {each for each, n in found.items() if n > 1} - stages == set()
    assert sum(kind == "caption" for kind, _ in found) == 2


@pytest.mark.parametrize("name", ["own_user_ids", "leading_columns"])
def test_a_mistake_in_a_connector_leaves_the_page_there(
    as_alice: Client,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    deals = make_deals(connection)

    def fail(*_: object) -> None:
        raise FieldDoesNotExist

    monkeypatch.setattr(CONNECTORS["hubspot"], name, fail)

    assert as_alice.get("/charts/").status_code == 200
    assert as_alice.get(f"/collections/{deals.pk}/").status_code == 200


@pytest.mark.parametrize("name", ["naming_parts", "leading_columns"])
def test_an_answer_of_a_connector_that_is_none_leaves_the_page_there(
    as_alice: Client,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    deals = make_deals(connection)
    monkeypatch.setattr(CONNECTORS["hubspot"], name, lambda *_: None)

    assert as_alice.get(f"/collections/{deals.pk}/").status_code == 200


def test_a_mistake_that_hides_who_me_is_says_that_its_filter_is_left_out(
    as_alice: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = {"name": "who", "label": "Who", "kind": "user"}
    tasks = make_collection(connection, schema={"fields": [user]})
    make_items(tasks, [{"name": "x", "properties": {"who": "41"}}])

    def fail(*_: object) -> None:
        raise FieldDoesNotExist

    monkeypatch.setattr(CONNECTORS["hubspot"], "own_user_ids", fail)

    page = as_alice.get(f"/collections/{tasks.pk}/?who__me=1")

    assert "left_out" in codes(page)
    assert [each["is_left_out"] for each in page.context["conditions"]] == [True]


def test_names_of_bars_that_are_raw_are_said_to_be(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    deals = make_deals(make_connection(alice))
    make_items(deals, [{"name": "y", "properties": {"dealstage": "of no option"}}])
    assert codes(as_alice.get("/charts/")) == set()

    def fail(*_: Any) -> None:
        raise ValueError

    connector = type(CONNECTORS[deals.connection.provider])
    monkeypatch.setattr(connector, "describe", fail)

    assert "connector_error" in codes(as_alice.get("/charts/"))


def test_a_page_that_waits_for_a_chart_is_loaded_again_when_it_is_ready(
    as_alice: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    deals = make_deals(connection)
    with monkeypatch.context() as during:
        during.setattr(grouped_charts, "AT_ONCE", 0)
        page = as_alice.get("/charts/")
        waiting = as_alice.get(page.context["live_url"])
    assert "building" in codes(page)
    assert page.context["live_seconds"]
    assert page.context["live_url"] in html.unescape(page.text)
    assert (waiting.status_code, waiting.headers.get("HX-Refresh")) == (204, None)

    indexes.build(deals.pk)
    ready = as_alice.get(page.context["live_url"])

    assert (ready.status_code, ready.headers.get("HX-Refresh")) == (200, "true")
    again = as_alice.get("/charts/")
    assert not again.context["live_seconds"]
    assert len(again.context["grouped"]) == 1


@pytest.mark.parametrize("asked", ["", "?building=x", f"?building={UUID(int=7)}"])
def test_a_look_for_charts_that_are_not_there_does_no_harm(
    as_alice: Client, asked: str
) -> None:
    assert as_alice.get(f"/charts/live/{asked}").status_code in {200, 204}


def test_sums_are_folded_behind_the_chart_of_the_rows(
    as_alice: Client, connection: Connection
) -> None:
    make_deals(connection, numbers=3)

    page = as_alice.get("/charts/")

    [drawn] = page.context["grouped"]
    assert [len(drawn["counts"]), len(drawn["sums"])] == [1, 2]
    before, fold = page.text.split("The sums", 1)
    assert before.count('class="bars"') == 1
    assert fold.split("</details>", 1)[0].count('class="bars"') == 2


def test_a_chart_that_fails_by_our_mistake_is_said_and_the_others_are_drawn(
    as_alice: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        make_deals(connection)
    make_context, asked = grouped.make_context, list[object]()

    def fail_once(table: Any, **more: Any) -> Any:
        asked.append(table)
        if len(asked) == 1:
            raise FieldDoesNotExist
        return make_context(table, **more)

    monkeypatch.setattr(grouped, "make_context", fail_once)

    page = as_alice.get("/charts/")

    assert codes(page) == {"connector_error"}
    drawn = [len(each.get("charts", ())) for each in page.context["grouped"]]
    assert drawn == [0, 2]
