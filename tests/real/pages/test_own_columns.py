"""What a user noted beside records, and texts of digits, survive a reconnection."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest

from tests.real.support.fixtures import MakeStack, running
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.real.support.web_user import WebUser
from tests.support.table_rows import shown_rows
from tests.support.workbooks import rows_of

pytestmark = pytest.mark.real

# Texts that a program takes for numbers, in the order of texts, and what is noted.
NOTED = {"0049123": "7", "00123": "-2.5", "12": "1000", "1e5": "40"}
NAMES = dict(zip([*NOTED, "31"], "ABCDE", strict=True))
COLLECTION = (
    "select id, schema from integrations_collection"
    " where connection_id = ? and name like ? and first_full_refresh_at is not null"
)
RECORD = (
    "select uuid, name from integrations_item"
    " where collection_id = ? and remote_id = ? and deleted_at is null"
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account of the sandbox, and a field of one of its tables for plain text."""

    provider: str
    collection: str
    label: str
    place: dict[str, Any] = field(default_factory=dict)
    consent: dict[str, str] = field(default_factory=dict)

    def record(self, text: str) -> dict[str, Any]:
        """Return what the sandbox makes a record with this text of."""
        name = f"Zaphod {NAMES[text]}"
        if self.provider == "hubspot":
            named = {"firstname": "Zaphod", "lastname": NAMES[text]}
            return {"properties": {**named, "jobtitle": text}}
        if self.provider == "airtable":
            return {"fields": {"Name": name, self.label: text}}
        return {"title": name, "values": {"n%24te": text}}


ACCOUNTS = (
    Account(
        provider="hubspot",
        consent={"identity": "2081774:61"},
        collection="Contacts",
        label="Job Title",
        place={"portal": "2081774", "type": "contacts"},
    ),
    Account(
        provider="airtable",
        consent={"identity": "kestrel:usrMoKestrelStudi"},
        collection="Every kind of field",
        label="Long text",
        place={"account": "kestrel", "table": "Every kind of field"},
    ),
    Account(
        provider="notion",
        consent={"action": "allow"},
        collection="Tasks",
        label="Notes",
    ),
)


@pytest.fixture(scope="module")
def stack(make_any_stack: MakeStack) -> Iterator[Stack]:
    """Return everything running, shared by this file's tests."""
    with running(make_any_stack()) as made:
        yield made


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda each: each.provider)
def test_texts_and_own_values_are_the_same_after_a_reconnection(
    stack: Stack, account: Account
) -> None:
    made = make_records(stack, account, NOTED)
    user = stack.user(f"{account.provider}@example.com")
    address = user.connect(account.provider, **account.consent)
    table, text_id = find_table(stack, account, address)
    path = f"/collections/{UUID(table)}/"

    form = {"name": "Rank", "kind": "number", "added": ""}
    user.submit(path, to=f"{path}own-columns/", **form)
    ((own_key,),) = stack.rows(
        "select id from integrations_owncolumn where provider = ?", account.provider
    )
    own_id = f"own.{own_key}"
    for remote_id, text in made.items():
        ((uuid, _),) = stack.rows(RECORD, table, remote_id)
        own = f"/items/{UUID(uuid)}/own/"
        user.submit(own, to=own, **{own_id: NOTED[text]})
    before = look(user, path, text_id, own_id)

    connection = f"/connections/{UUID(key_of(address))}/"
    user.submit(f"{connection}disconnect/", "/disconnect/", items="keep")
    meanwhile = look(user, path, text_id, own_id)
    (new,) = make_records(stack, account, ["31"])
    again = user.connect(account.provider, **account.consent)
    assert key_of(again) == key_of(address)

    def goes_on() -> bool:
        if stack.rows(RECORD, table, new):
            return True
        if "/sync/" in user.get(connection).text:
            user.submit(connection, "/sync/")
        return False

    wait_until(goes_on, "what is new is read", seconds=120, every=1)

    assert before == meanwhile == look(user, path, text_id, own_id)


def make_records(
    stack: Stack, account: Account, texts: Iterable[str]
) -> dict[str, str]:
    """Make a record of each text at the provider; return the texts by remote id."""
    place = dict(account.place)
    if account.provider == "notion":
        found = stack.ask_sandbox("records", provider="notion", type="data_sources")
        tables = found["records"]
        place["id"] = next(t["id"] for t in tables if t["title"] == account.collection)
    made = {}
    for text in texts:
        record = account.record(text)
        order = {"provider": account.provider, **place, **record}
        made[stack.sandbox("records/create", **order)["id"]] = text
    return made


def find_table(stack: Stack, account: Account, address: str) -> tuple[str, str]:
    """Return the key of the table, once it was read, and the id of its text field."""
    found = (key_of(address), f"%{account.collection}")
    key, schema = stack.wait_for_row(COLLECTION, *found, seconds=120)
    fields = json.loads(schema)["fields"]
    return key, next(f["name"] for f in fields if f["label"] == account.label)


def key_of(address: str) -> str:
    return UUID(address.split("/")[2]).hex


def look(user: WebUser, path: str, text_id: str, own_id: str) -> dict[str, Any]:
    """Return what a table shows, finds and exports; it is as it was written."""
    text_id = quote(text_id, safe="")
    columns = f"columns={text_id},{own_id}"
    mine = f"{columns}&{own_id}__filled="
    numbers = [float(noted) for _, noted in sorted(NOTED.items())]
    by_text = read(user, f"{path}?{mine}&sort={text_id}")
    assert by_text == [[t, f"{float(NOTED[t]):,g}"] for t in sorted(NOTED)]
    by_own = read(user, f"{path}?{mine}&sort={own_id}")
    assert [row[1] for row in by_own] == ["-2.5", "7", "40", "1,000"]
    some = read(user, f"{path}?{columns}&{own_id}__gt=7&sort={own_id}")
    assert [row[0] for row in some] == ["1e5", "12"]
    for text in NOTED:
        there = read(user, f"{path}?{mine}&{text_id}__is={text}")
        assert [row[0] for row in there] == [text]
        assert text in user.get(f"/search/?{urlencode({'q': text})}").text
    for number in ("123", "12.0", "100000", "49123"):
        asked = f"{path}?{mine}&{text_id}__is={quote(number)}"
        assert read(user, asked) == []
    files = {}
    for form in ("csv", "csv-utf8", "xlsx", "json", "ndjson"):
        values = {"form": form, "values": "shown"}
        address = f"{path}?{mine}&sort={text_id}"
        answer = user.submit(address, "/download/", **values)
        rows = rows_of(answer.content, form)
        files[form] = rows if "json" in form else rows[1:]
    assert [row[2] for row in files["xlsx"]] == numbers
    for rows in files.values():
        assert [row[1] for row in rows] == sorted(NOTED)
    return {"by_text": by_text, "by_own": by_own, "some": some, **files}


def read(user: WebUser, address: str) -> list[list[str]]:
    """Return the rows of a table without their names, once what they need is ready."""
    page = wait_until(
        lambda: (
            got
            if 'data-code="building"' not in (got := user.get(address)).text
            else None
        ),
        "the index",
        seconds=60,
    )
    assert page.status_code == 200
    if "<tbody" not in page.text:
        return []
    # A cell of one's own begins with what pressing it does, for a reader of screens.
    rows = [row[1:] for row in shown_rows(page.text)]
    return [[cell.rpartition(": ")[2] for cell in row] for row in rows]
