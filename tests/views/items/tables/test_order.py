"""Rows stand in the order that a provider's own users expect of a column."""

import json
import re

import pytest
from msgspec.structs import asdict

from integrations.providers.airtable.mapping.fields import to_field as airtable_field
from integrations.providers.hubspot.mapping.fields import to_field as hubspot_field
from integrations.providers.hubspot.objects import DEALS
from integrations.providers.notion.mapping.schema import to_schema
from integrations.services.items.tables.columns.columns import NAME, UPDATED
from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get, names
from tests.support.rows import NOON, make_collection, make_connection, make_item

# Neither in the order of letters nor in that of their length.
LABELS = ("Zero", "Middle of it", "Alpha")


def hubspot(connection):
    entry = {
        "name": "level",
        "label": "Level",
        "type": "enumeration",
        "options": [
            {"value": value, "label": label, "displayOrder": place}
            for value, label, place in (
                ("a", LABELS[2], 2),
                ("bbb", LABELS[0], 0),
                ("cc", LABELS[1], 1),
            )
        ],
    }
    schema = {"fields": [asdict(hubspot_field(entry, DEALS))]}
    values = dict(zip(LABELS, ("bbb", "cc", "a"), strict=True))
    return "level", schema, values


def stages(connection):
    entry = {"name": "dealstage", "label": "Stage", "type": "enumeration"}
    schema = {
        "fields": [asdict(hubspot_field(entry, DEALS))],
        "lookups": {"stage": dict(zip(("s10", "s9", "a"), LABELS, strict=True))},
    }
    values = dict(zip(LABELS, ("s10", "s9", "a"), strict=True))
    return "dealstage", schema, values


def airtable(connection):
    choices = [{"id": f"sel{n}", "name": name} for n, name in enumerate(LABELS)]
    entry = {
        "id": "fld" + "L" * 14,
        "name": "Level",
        "type": "singleSelect",
        "options": {"choices": choices},
    }
    spec, told = airtable_field(entry)
    schema = {"fields": [asdict(spec)], "formats": {spec.name: told}}
    return spec.name, schema, {name: name for name in LABELS}


def notion(connection):
    options = [{"id": str(n), "name": name} for n, name in enumerate(LABELS)]
    groups = [{"option_ids": [each["id"]]} for each in options]
    told = {"options": options[::-1], "groups": groups}
    status = {"id": "lvl", "type": "status", "status": told}
    schema = to_schema({"properties": {"Level": status}})
    return "lvl", schema, {name: name for name in LABELS}


@pytest.fixture(params=[hubspot, stages, airtable, notion])
@kept
def table(request, alice):
    """Return a collection of rows with choices, twice each, and the column."""
    provider = {"stages": "hubspot"}.get(request.param.__name__, request.param.__name__)
    connection = make_connection(alice, provider=provider, remote_id="1:2")
    column, schema, values = request.param(connection)
    collection = make_collection(
        connection,
        remote_id="deals",
        item_type="deal",
        # As databases keep it.
        schema=json.loads(json.dumps(schema)),
        first_full_refresh_at=NOON,
    )
    for number, label in enumerate([*reversed(LABELS), *LABELS]):
        make_item(
            collection, name=f"{label} {number}", properties={column: values[label]}
        )
    make_item(collection, name="Nothing", properties={})
    collection.refresh_from_db()
    return collection, column


def test_choices_are_sorted_as_the_provider_orders_them(as_alice, table):
    collection, column = table

    up = names(get(as_alice, collection, f"?sort={column}"))
    down = names(get(as_alice, collection, f"?sort=-{column}"))

    expected = ["Zero 2", "Zero 3", "Middle of it 1", "Middle of it 4"]
    expected += ["Alpha 0", "Alpha 5"]
    assert up == [*expected, "Nothing"]
    assert down == [*reversed(expected), "Nothing"]


def test_groups_stand_in_the_order_in_which_rows_are_sorted(as_alice, table):
    collection, column = table
    for number in range(3):
        make_item(collection, name=f"None {number}", properties={})

    rows = get(as_alice, collection, f"?group={column}").context["group_rows"]

    assert [row["label"].split(" (")[0] for row in rows][:3] == [*LABELS]
    assert rows[-1]["count"] == 4
    assert len(rows) == 4


def test_a_choice_that_is_no_option_any_more_comes_behind_those_that_are(
    as_alice, table
):
    collection, column = table
    make_item(collection, name="Aged", properties={column: "A former option"})

    rows = names(get(as_alice, collection, f"?sort={column}"))

    assert rows[-2:] == ["Aged", "Nothing"]


def test_an_order_that_is_changed_at_the_provider_is_the_new_one(as_alice, table):
    collection, column = table
    get(as_alice, collection, f"?sort={column}")
    schema = collection.schema
    options = (schema.get("lookups") or {}).get("stage")
    if options is None:
        options = schema["fields"][0]["options"]
    swapped = dict(reversed(options.items()))
    options.clear()
    options.update(swapped)
    collection.save(update_fields=["schema"])

    rows = names(get(as_alice, collection, f"?sort={column}"))

    assert [row.rpartition(" ")[0] for row in rows[:6:2]] == [*reversed(LABELS)]


def headed(page):
    """Return the rows of a page in groups, by what the headings of these say."""
    found = {}
    for line in re.findall(r"<tr.*", page.text.split('table class="sheet')[1]):
        if "group-head" in line:
            words = re.sub("<[^>]+>", "", line)
            found[words] = []
        elif found:
            found[words].append(re.search(r"<a id=\S+ href=\S+?>(.*?)</a>", line)[1])
    return found


def test_grouped_rows_stand_below_headings_page_after_page(
    as_alice, connection, django_assert_max_num_queries
):
    name, schema, values = stages(connection)
    deals = make_collection(connection, item_type="deal", schema=schema)
    told = [{name: values[label]} for label in reversed(LABELS) for _ in range(9)]
    for number, properties in enumerate([*told, {}]):
        make_item(deals, name=f"Deal {number:02}", properties=properties)
    deals.refresh_from_db()
    address = f"?group={name}&size=25"

    first = get(as_alice, deals, address)

    assert list(headed(first)) == ["Zero 9", "Middle of it 9", "Alpha 9"]
    assert headed(first)["Zero 9"] == [f"Deal {n}" for n in range(18, 27)]
    with django_assert_max_num_queries(12):
        second = as_alice.get(first.context["next_url"])
    assert {label: len(rows) for label, rows in headed(second).items()} == {
        "Alpha 9": 2,
        "Without Stage 1": 1,
    }
    assert names(as_alice.get(second.context["previous_url"])) == names(first)


def test_an_order_that_was_chosen_is_that_of_the_rows_of_each_group(
    as_alice, connection
):
    name, schema, values = stages(connection)
    deals = make_collection(connection, item_type="deal", schema=schema)
    for number in range(6):
        value = {name: values[LABELS[number % 3]]}
        make_item(deals, name=f"Deal {number}", properties=value)
    deals.refresh_from_db()

    for order in (f"-{UPDATED}", f"-{NAME}"):
        page = get(as_alice, deals, f"?group={name}&sort={order}")

        assert headed(page) == {
            f"{label} 2": [f"Deal {number + 3}", f"Deal {number}"]
            for number, label in enumerate(LABELS)
        }
        assert page.context["query"].url.endswith(f"?sort={order}&group={name}")
    searched = get(as_alice, deals, f"?q=deal&group={name}")
    assert [*headed(searched)] == [f"{label} 2" for label in LABELS]
    assert searched.context["query"].unfiltered.url.endswith(f"/?group={name}")
    grouped = get(as_alice, deals, f"?group={name}")
    assert grouped.context["query"].url.endswith(f"?group={name}")
    assert as_alice.get(grouped.context["ungroup_url"]).context["query"].is_by_update


def test_an_order_chosen_instead_of_groups_outlasts_a_search(as_alice, connection):
    name, schema, values = stages(connection)
    deals = make_collection(connection, item_type="deal", schema=schema)
    make_item(deals, name="Deal", properties={name: values[LABELS[0]]})
    deals.refresh_from_db()

    for order in (f"-{UPDATED}", NAME, name):
        page = get(as_alice, deals, f"?q=deal&group={name}&sort={order}")

        searched = page.context["query"]
        every = as_alice.get(searched.unfiltered.url).context["query"]
        assert searched.url.endswith(f"?q=deal&sort={order}&group={name}")
        assert every.sort_text == order
        assert every.is_by_group is (order == name)


def test_whoever_groups_sorted_rows_keeps_their_order(as_alice, connection):
    name, schema, values = stages(connection)
    deals = make_collection(connection, item_type="deal", schema=schema)
    make_item(deals, name="Deal", properties={name: values[LABELS[0]]})
    deals.refresh_from_db()

    page = get(as_alice, deals, f"?sort={NAME}&size=25")

    kept = {each["name"] for each in page.context["kept_but_group"]}
    assert kept == {"sort", "size"}
