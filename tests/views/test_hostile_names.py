"""Names that turn lines around, or hold escapes, are seen and change nothing else."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.http.observability.steering import ON_PAGES
from integrations.models import ItemChange
from tests.support.pages.kept_rows import kept
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_item,
    make_run,
)
from tests.support.sessions import prove

ESCAPE, OVERRIDE, ISOLATE, NEXT_LINE = "\x1b[2J", "\u202e", "\u2067", "\x85"
MARKS, LINE_END = "\u061c\u200e\u200f\ufeff", "\u2028"
HOSTILE = f"{OVERRIDE}gpj.exe{ESCAPE}{ISOLATE}\x7f{NEXT_LINE}\x07{MARKS}ש{LINE_END}לום"
SEEN = f"\ufffdgpj.exe\u241b[2J\ufffd\u2421\ufffd\u2407{MARKS}ש לום"


@pytest.fixture
@kept
def paths(alice):
    """Return every page on which something of a hostile account is shown."""
    connection = make_connection(
        alice, account_name=HOSTILE, label=HOSTILE, remote_id="1:1"
    )
    collection = make_collection(
        connection,
        name=HOSTILE,
        schema={"fields": [{"name": "note", "label": HOSTILE, "kind": "text"}]},
        held_deletions={"count": 30},
    )
    parent = make_item(collection, name=f"Parent {HOSTILE}", is_directory=True)
    item = make_item(
        collection,
        name=HOSTILE,
        parent_name=HOSTILE,
        parent_remote_id=parent.remote_id,
        properties={"note": HOSTILE},
    )
    ItemChange.objects.create(
        item=item,
        at=NOON,
        kind=ItemChange.Kind.CHANGED,
        fields={"note": [HOSTILE, f"{HOSTILE}2"]},
    )
    run = make_run(connection)
    names = ("detail", "disconnect", "runs", "collections", "progress")
    return [
        "/",
        "/connections/",
        "/items/",
        "/items/?q=gpj",
        item.get_absolute_url(),
        parent.get_absolute_url(),
        run.get_absolute_url(),
        *(
            reverse(f"integrations:connection-{name}", args=(connection.pk,))
            for name in names
        ),
    ]


def test_no_page_sends_a_character_that_steers(as_alice, paths):
    for path in paths:
        page = as_alice.get(path)

        assert page.status_code == 200, path
        assert ON_PAGES.search(page.text) is None, path
        length = page.headers.get("Content-Length")
        assert length in {None, str(len(page.content))}, path


def test_what_cannot_be_seen_is_drawn(as_alice, paths):
    for path in paths[:5]:
        assert SEEN in as_alice.get(path).text, path


def not_isolated(html: str) -> list[str]:
    """Return the lines on which the name stands in no element of its own direction.

    Titles, options, pictures and examples of JSON hold nothing but text, a label of a
    list is a line of its own, and what only a screen reader says has no direction.
    """
    html = re.sub(r'(?s)<(\w+) class="sr-only".*?</\1>', "", html)
    html = re.sub(r"(?s)<(title|option|pre|dt|svg)\b.*?</\1>", "", html)
    lines = []
    for found in re.finditer("gpj.exe", html):
        before = html[: found.start()]
        is_attribute = before.rfind("<") > before.rfind(">")
        if not is_attribute and before.rfind("<bdi") <= before.rfind("</bdi"):
            lines.append(before[-120:])
    return lines


def test_a_name_turns_nothing_but_itself(as_alice, paths):
    found = {path: not_isolated(as_alice.get(path).text) for path in paths}

    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_page_of_the_admin_draws_them_as_well(paths):
    staff = User.objects.create_superuser("carol", "carol@example.com", "queen-7")
    Authenticator.objects.create(user=staff, type=Authenticator.Type.TOTP, data={})
    client = Client()
    client.force_login(staff)
    prove(client, "password", "mfa")

    page = client.get("/admin/integrations/item/")

    assert page.status_code == 200
    assert "gpj.exe" in page.text
    assert ON_PAGES.search(page.text) is None
