"""The column of the names is headed as the provider's users head it."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Collection, Item, ItemChange
from integrations.providers.notion.mapping.schema import tag_of, to_schema
from integrations.providers.records import FieldSpec
from integrations.services.items.tables.columns.columns import NAME, columns_of
from integrations.services.notices.following import news
from tests.support.rows import NOON, make_collection, make_connection, make_item

DAY = timedelta(days=1)
STATUS = {"id": "st", "type": "select", "select": {"options": []}}


def columns_told(title: str) -> dict[str, object]:
    title_column = {"id": "title", "type": "title", "title": {}}
    # Which may have another column of that name.
    return {"properties": {"Name": STATUS, title: title_column}}


@pytest.fixture
def tasks(alice: User) -> Collection:
    return make_collection(
        make_connection(alice, provider="notion"),
        name="Tasks",
        remote_id="d1",
        item_type="page",
        schema=to_schema(columns_told("Task <b>")),
        first_full_refresh_at=NOON,
    )


@pytest.fixture
def task(tasks: Collection) -> Item:
    item = make_item(tasks, name="Call back")
    ItemChange.objects.create(
        item=item,
        connection=tasks.connection,
        at=NOON,
        kind="changed",
        fields={"name": ["Call", "Call back"]},
    )
    return item


def test_a_table_its_filters_and_files_name_it(
    client: Client, tasks: Collection, task: Item
) -> None:
    client.force_login(tasks.connection.owner)
    path = f"/collections/{tasks.pk}/"

    page = client.get(f"{path}?item.name__contains=call")
    file = client.post(f"{path}download/", {"form": "csv", "values": "shown"})

    (head,) = (h for h in page.context["columns"] if h["column"].id == NAME)
    assert head["label"] == "Task <b>"
    assert "Task &lt;b&gt;" in page.text
    assert "Task <b>" not in page.text
    told = b"".join(file.streaming_content).decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(told)))[0] == "Task <b>"


def test_changes_name_it_and_their_filter_has_one_word_for_all(
    client: Client, tasks: Collection, task: Item
) -> None:
    client.force_login(tasks.connection.owner)

    page = client.get("/changes/")
    own = client.get(task.get_absolute_url())

    assert "<bdi>Task &lt;b&gt;</bdi>:" in page.text
    assert "<bdi>Task &lt;b&gt;</bdi>:" in own.text
    (field,) = (f for f in page.context["filters"] if f["name"] == "field")
    labels = {each.value: each.label for g in field["groups"] for each in g.choices}
    assert labels["name"].startswith("Name")


def test_a_notice_names_it(task: Item) -> None:
    span = news.Span(since=NOON - DAY, until=NOON + DAY)

    (entry,) = news.entries_of(task.owner, [task.pk], span)

    assert list(entry.lines) == ["Task <b>: Call → Call back"]


def test_a_collection_without_such_a_word_calls_it_name(alice: User) -> None:
    schema = {"fields": [FieldSpec(name="note", label="Note").to_json()]}

    columns = columns_of(make_collection(make_connection(alice), schema=schema))

    assert columns.by_id[NAME].label == "Name"


def test_another_title_of_the_column_is_noticed() -> None:
    first, second = (to_schema(columns_told(title)) for title in ("Task", "To do"))

    assert tag_of(first) != tag_of(second)
