"""What pages say while they show nothing is true, whatever was connected once."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.rows import make_collection, make_connection, make_item

CODE = re.compile(r'data-code="([a-z_]+)"')
DISCONNECTED = {"state": "disconnected", "reason": "disconnected_by_user"}
PAUSED = {"state": "paused", "reason": "paused_by_user"}
DEAD = {"state": "needs_reconnect", "reason": "grant_rejected"}
# By state: what Home, the items, a search, the changes and the charts say.
SAID = {
    "none": (
        [],
        ("unconnected", "unconnected", "unconnected", "no_changes", "nothing_counted"),
    ),
    "disconnected": (
        [DISCONNECTED],
        *(("disconnected",) * 3 + ("no_changes", "nothing_counted"),),
    ),
    "paused": (
        [PAUSED],
        ("no_changes", "bare", "bare", "no_changes", "nothing_counted"),
    ),
    "dead": ([DEAD], ("no_changes", "bare", "bare", "no_changes", "nothing_counted")),
    "well": ([{}], ("no_changes_yet", "bare", "bare", "no_changes", "nothing_counted")),
    "dead beside disconnected": (
        [DEAD, DISCONNECTED],
        ("no_changes", "bare", "bare", "no_changes", "nothing_counted"),
    ),
}
PATHS = ("/", "/items/", "/search/?q=ada", "/changes/", "/charts/")
PROMISES = ("yet", "by itself", "by themselves", "after each sync", "always fresh")


@pytest.mark.parametrize("state", SAID)
def test_a_page_with_nothing_says_why(
    as_alice: Client, alice: User, state: str
) -> None:
    connections, expected = SAID[state]
    for values in connections:
        make_connection(alice, **values)

    pages = [as_alice.get(path).content.decode() for path in PATHS]

    for path, page, code in zip(PATHS, pages, expected, strict=True):
        assert code in CODE.findall(page), path
        main = page.partition("<main")[2].partition('id="add"')[0]
        if state not in ("none", "well"):
            assert not [word for word in PROMISES if f" {word}" in main], path


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_home_with_only_disconnected_connections_leads_to_what_was_kept(
    as_alice: Client, alice: User, kept: int
) -> None:
    collection = make_collection(make_connection(alice, **DISCONNECTED))
    for _ in range(kept):
        make_item(collection)

    page = as_alice.get("/")

    text = page.content.decode()
    assert "disconnected" in CODE.findall(text)
    assert ('href="/items/">' in text.partition("<main")[2]) is bool(kept)
    assert as_alice.get("/items/").context["empty"] == ("" if kept else "disconnected")


def test_home_counts_as_connections_what_is_connected_and_names_the_others(
    as_alice: Client, alice: User
) -> None:
    for values in ({}, DISCONNECTED, DISCONNECTED):
        make_connection(alice, **values)

    home: Any = as_alice.get("/").context
    listed = as_alice.get("/connections/").context["connections"]

    assert (home["totals"]["connections"], home["disconnected"]) == (1, 2)
    assert len(listed) == 3
