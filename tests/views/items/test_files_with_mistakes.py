"""A file whose values a mistake of ours left raw says so where its user sees it."""

import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from integrations.models import AuditEvent, Collection, Download
from integrations.providers import CONNECTORS
from integrations.services.items.downloads import making
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_item
from tests.support.workbooks import body_of, open_workbook, rows_of

FORMATS = ["csv", "csv-utf8", "xlsx", "json", "ndjson"]
# What fails in the connector, by what of each row is in the file.
FAILING = {"shown": "describe", "all": "describe", "raw": "complete"}
CODE = 'data-code="connector_error"'
REFERENCE = re.compile(r"\(reference ([0-9a-f]{8})\)")
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@pytest.fixture
@kept
def phones(collection: Collection) -> Collection:
    field = {"name": "phone", "label": "Phone", "kind": "phone"}
    collection.schema = {"fields": [field]}
    collection.save(update_fields=("schema",))
    for number in range(3):
        make_item(collection, name=f"Ada {number}", properties={"phone": f"{number}"})
    return collection


@pytest.fixture
def break_one(monkeypatch: pytest.MonkeyPatch, phones: Collection) -> Any:
    """Return what lets a method of the connector fail at one of the rows."""
    connector = type(CONNECTORS[phones.connection.provider])

    def do(name: str) -> None:
        method = getattr(connector, name)

        def fail(self: Any, values: Any, *args: Any) -> Any:
            if values.get("phone") == "1":
                raise ValueError
            return method(self, values, *args)

        monkeypatch.setattr(connector, name, fail)

    return do


def path_of(phones: Collection, kind: str) -> str:
    table = f"/collections/{phones.pk}/download/"
    return "/items/download/" if kind == "list" else table


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("table", "shown"),
        ("table", "all"),
        ("table", "raw"),
        ("list", "shown"),
        ("list", "raw"),
    ],
)
def test_the_user_is_asked_first_and_can_have_it_as_it_is(
    as_alice: Client,
    phones: Collection,
    break_one: Any,
    form: str,
    kind: str,
    values: str,
) -> None:
    asked = {"form": form, "values": values}
    path = path_of(phones, kind)
    before = rows_of(body_of(as_alice.post(path, asked)), form)
    break_one(FAILING[values])
    AuditEvent.objects.all().delete()

    page = as_alice.post(path, asked)

    assert page.text.count(CODE) == 1
    assert REFERENCE.search(page.text)
    assert not AuditEvent.objects.filter(event="items.exported").exists()
    again = dict(FIELD.findall(page.text))
    assert again.items() >= asked.items()
    made = body_of(as_alice.post(path, again))
    rows = rows_of(made, form)
    assert len(rows) == len(before)
    assert sum(row == then for row, then in zip(rows, before, strict=True)) >= 2
    assert AuditEvent.objects.filter(event="items.exported").count() == 1
    if form == "xlsx":
        assert REFERENCE.search(open_workbook(made).properties.description)


def test_chosen_rows_are_asked_for_again(
    as_alice: Client, phones: Collection, break_one: Any
) -> None:
    break_one("describe")
    named = [str(each) for each in phones.items.values_list("uuid", flat=True)]
    asked = {"form": "csv", "rows": "ticked", "item": named}

    page = as_alice.post(path_of(phones, "table"), asked)

    found = FIELD.findall(page.text)
    assert [value for name, value in found if name == "item"] == named


@pytest.mark.parametrize("kind", ["table", "list"])
def test_the_page_of_a_large_file_says_so(
    as_alice: Client, settings: Any, phones: Collection, break_one: Any, kind: str
) -> None:
    settings.DOWNLOAD_ROWS_AT_ONCE = 1
    asked = {"form": "csv", "values": "shown"}
    answer = as_alice.post(path_of(phones, kind), asked)
    download = Download.objects.get()
    with_none = Download.objects.get()
    making.make(with_none.pk)
    assert CODE not in as_alice.get(answer.url).text
    Download.objects.update(state="waiting", lease_id=None, lease_until=None)
    break_one("describe")

    making.make(download.pk)

    page = as_alice.get(answer.url).text
    download.refresh_from_db()
    assert page.count(CODE) == 1
    assert f"(reference {download.mistake})" in page
    assert CODE in as_alice.get("/downloads/").text


@pytest.mark.parametrize("has_file", [False, True])
@pytest.mark.parametrize("values", ["shown", "raw"])
def test_the_console_says_so_beside_the_file(
    alice: User,
    phones: Collection,
    break_one: Any,
    tmp_path: Any,
    values: str,
    *,
    has_file: bool,
) -> None:
    def errors() -> str:
        told = io.StringIO()
        to_file = {"output": str(tmp_path / "file")} if has_file else {}
        asked = {"user": alice.email, "format": "csv", "values": values}
        call_command("items", stdout=io.StringIO(), stderr=told, **asked, **to_file)
        return told.getvalue()

    assert errors() == ""
    break_one(FAILING[values])

    assert REFERENCE.search(errors())


def test_a_mistake_in_raw_values_leaves_the_page_of_the_item_there(
    as_alice: Client, phones: Collection, break_one: Any
) -> None:
    break_one("complete")

    item = phones.items.get(name="Ada 1")

    assert as_alice.get(item.get_absolute_url()).status_code == 200
