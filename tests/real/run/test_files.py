"""Files are their tables row by row, at all three providers, small and large."""

import re
import uuid
from collections.abc import Iterator

import pytest
import requests

from tests.real.support.fixtures import MakeStack, running
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.real.support.web_user import WebUser
from tests.support.table_rows import shown_rows
from tests.support.workbooks import rows_of

pytestmark = pytest.mark.real
ROWS_AT_ONCE = 60
# Whose account is connected, where it is not the first one: Notion's is a large one.
SMALL = "1c8b7e66-3f52-4a19-8d20-b7a6c5d4e3f2:e4f5a6b7-c8d9-4e0f-91a2-b3c4d5e6f708"
PROVIDERS = {
    "notion": {"identity": SMALL, "action": "allow"},
    "hubspot": {},
    "airtable": {},
}
FORMS = ("csv", "csv-utf8", "xlsx", "json", "ndjson")
# What a cell of a page leaves out, its file has.
TAG = re.compile("<[^>]+>")
CUT = re.compile(r"…|\+\d+|\bmore\b")


@pytest.fixture
def stack(make_stack: MakeStack) -> Iterator[Stack]:
    """Return everything running, where a small table makes a large file."""
    values = {"DOWNLOAD_ROWS_AT_ONCE": str(ROWS_AT_ONCE), "SWEEP_INTERVAL": "2"}
    made = make_stack(**values)
    with running(made) as begun:
        yield begun


def load(
    stack: Stack, user: WebUser, provider: str, **values: str
) -> list[tuple[str, int]]:
    """Connect an account; return the tables of it with their numbers of rows."""
    key = user.connect(provider, **values).strip("/").split("/")[-1]

    def is_read() -> bool:
        done = stack.rows(
            "select outcome from integrations_syncrun where"
            " replace(cast(connection_id as varchar(40)), '-', '') = ?"
            " and state = 'finished'",
            key.replace("-", ""),
        )
        return bool(done)

    wait_until(is_read, f"the first sync of {provider}", seconds=100, every=1)
    found = stack.rows(
        "select id, stored_count from integrations_collection where"
        " replace(cast(connection_id as varchar(40)), '-', '') = ?"
        " and stored_count > 0 order by stored_count",
        key.replace("-", ""),
    )
    return [(str(pk).replace("-", ""), number) for pk, number in found]


def read_pages(user: WebUser, path: str) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the rows of all pages of a table."""
    rows: list[list[str]] = []
    heads: list[str] = []
    address = f"{path}?sort=item.name&size=100"
    while address:
        page = user.get(address)
        assert page.status_code == 200
        told = re.findall(
            r"aria-sort.*?<a[^>]*>(.*?)(?:<svg|</a>)", page.text, re.DOTALL
        )
        heads = heads or [" ".join(TAG.sub("", each).split()) for each in told]
        rows += shown_rows(page.text)
        following = re.search(r'href="([^"]*after=[^"]*)"', page.text)
        address = following[1].replace("&amp;", "&") if following else ""
    return heads, rows


def order(user: WebUser, path: str, form: str) -> requests.Response:
    """Ask for the file of a table, as the form under its rows does."""
    answer = user.submit(
        f"{path}?sort=item.name", "/download/", form=form, values="shown"
    )
    assert answer.status_code == 200
    return answer


def fetch(user: WebUser, path: str, form: str) -> tuple[bytes, bool]:
    """Return a file of a table, and whether a worker has made it."""
    answer = order(user, path, form)
    if "/downloads/" not in answer.url:
        return answer.content, False
    file = wait_for(user, answer.url)
    user.submit(answer.url, "/delete/")
    return file, True


def wait_for(user: WebUser, page: str) -> bytes:
    """Return the file of a page that shows how far it is, once it is done."""

    def is_made() -> bool:
        return user.get(f"{page}file/", follow=False).status_code == 200

    wait_until(is_made, "a large file", seconds=90, every=0.5)
    return user.get(f"{page}file/").content


def test_files_of_every_provider_are_their_tables_row_by_row(stack: Stack) -> None:
    ana, bo = stack.user("ana@example.com"), stack.user("bo@example.com")
    by_worker = ""
    for provider, values in PROVIDERS.items():
        tables = load(stack, ana, provider, **values)
        # One that is sent at once, if the account has none that is large.
        key, number = next((t for t in tables if t[1] > ROWS_AT_ONCE), tables[-1])
        path = f"/collections/{uuid.UUID(key)}/"
        heads, rows = read_pages(ana, path)
        assert len(rows) == number
        for form in FORMS:
            file, is_by_worker = fetch(ana, path, form)
            assert is_by_worker is (number > ROWS_AT_ONCE)
            check(file, form, heads, rows)
        by_worker = path if number > ROWS_AT_ONCE else by_worker
        assert bo.get(path).status_code == 404
    assert by_worker
    address = order(ana, by_worker, "csv").url
    wait_for(ana, address)
    for part in ("", "file/", "live/"):
        assert bo.get(f"{address}{part}").status_code == 404
    expire(stack)
    wait_until(lambda: ana.get(address).status_code == 404, "its end", seconds=30)


def expire(stack: Stack) -> None:
    """Make all files as old as those that are deleted."""
    stack.rows(
        "update integrations_download set created_at = '2020-01-01',"
        " done_at = '2020-01-01' returning id"
    )


def plain(text: str) -> str:
    """Return a text without what a page and a spreadsheet put between and before."""
    return " ".join(text.split()).replace(" ,", ",").lstrip("'")


def check(file: bytes, form: str, heads: list[str], rows: list[list[str]]) -> None:
    """Compare a file with its table: all rows in order, each cell that is whole."""
    found = rows_of(file, form)
    if form in {"json", "ndjson"}:
        assert [str(each[0]) for each in found] == [row[0] for row in rows]
        return
    if form == "csv-utf8":
        assert file.startswith("\ufeff".encode())
    told, *body = found
    assert [str(each).partition(" (")[0] for each in told] == [
        head.partition(" (")[0] for head in heads
    ]
    assert len(body) == len(rows)
    for row, cells in zip(rows, body, strict=True):
        assert str(cells[0] or "").lstrip("'") == row[0].replace("Untitled", "")
        if form != "xlsx":
            for cell, text in zip(cells, row, strict=True):
                if not CUT.search(text):
                    assert plain(cell) == plain(text), (form, row[0])
