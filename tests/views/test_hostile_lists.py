"""Names that turn lines around turn nothing but themselves in lists and tables."""

from urllib.parse import urlencode

import pytest

from integrations.models import ItemChange, OwnColumn, SavedView
from integrations.models.remote_key import remote_key
from integrations.services.items.search import reindex
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item
from tests.views.test_hostile_names import HOSTILE, not_isolated

SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]
OPTIONS = {"a": HOSTILE, "b": "Other"}
FIELDS = [
    {"name": "note", "label": f"Note {HOSTILE}", "kind": "text"},
    {"name": "email", "label": f"E-mail {HOSTILE}", "kind": "email"},
    {"name": "stage", "label": HOSTILE, "kind": "choice", "options": OPTIONS},
    {"name": "amount", "label": f"Amount {HOSTILE}", "kind": "number"},
]


@pytest.fixture
@kept
def contacts(alice):
    """Return contacts, all of whose words are hostile ones."""
    connection = make_connection(
        alice,
        account_name=HOSTILE,
        label=HOSTILE,
        granted_scopes=SCOPES,
        is_editing=True,
    )
    made = make_collection(
        connection,
        name=HOSTILE,
        schema={"fields": FIELDS},
        first_full_refresh_at=NOON,
    )
    OwnColumn.objects.create(owner=alice, name=HOSTILE, kind="text", **remote_key(made))
    values = {"note": HOSTILE, "email": "ä@gpj.exe.test", "stage": "a", "amount": "1"}
    item = make_item(made, name=HOSTILE, properties=values, first_seen_at=NOON)
    ItemChange.objects.create(
        item=item,
        connection=connection,
        at=NOON,
        kind=ItemChange.Kind.CHANGED,
        fields={"properties.note": [f"{HOSTILE}1", HOSTILE]},
    )
    reindex.run_slice()
    made.refresh_from_db()
    return made


@pytest.fixture
@kept
def paths(alice, contacts):
    """Return the pages of a table, of the list over everything, and of its past."""
    item = contacts.items.get()
    view = SavedView.objects.create(
        owner=alice,
        name=HOSTILE,
        collection_name=HOSTILE,
        is_shared=True,
        item_type=contacts.item_type,
        parameters=[["group", "stage"]],
        columns=["note", "email", "stage", "amount"],
        **remote_key(contacts),
    )
    table = f"/collections/{contacts.pk}/"
    told = {"note__is": HOSTILE, "group": "stage", "columns": "note,email,stage"}
    then = {"at": "2026-10-30T12:00", "until": "2026-11-01T13:00"}
    return [
        f"{table}?{urlencode(told)}",
        f"{table}?density=tall&sort=note&view=all",
        f"{table}?view={view.pk}",
        f"{table}columns/",
        f"{table}as-of/?at=2026-11-01T12:30",
        f"{table}as-of/?{urlencode({'at': '2026-11-01T12:30', 'note__is': HOSTILE})}",
        f"{table}as-of/?{urlencode(then)}",
        f"{table}own-columns/",
        f"/items/{item.uuid}/as-of/?at=2026-11-01T12:30",
        "/items/as-of/?at=2026-11-01T12:30",
        f"/items/?collection={contacts.pk}&connection={contacts.connection_id}",
        "/changes/",
        f"/search/?{urlencode({'q': 'gpj'})}",
        f"/views/{view.pk}/edit/",
        f"/views/{view.pk}/delete/",
        f"/views/new/?{urlencode({'back': f'{table}?view={view.pk}'})}",
    ]


def test_a_name_turns_nothing_but_itself(as_alice, paths):
    found = {}
    for path in paths:
        page = as_alice.get(path)
        assert page.status_code == 200, path
        assert "gpj.exe" in page.text, path
        found[path] = not_isolated(page.text)

    assert {path: lines for path, lines in found.items() if lines} == {}


def test_so_it_is_where_rows_are_chosen(as_alice, contacts):
    sent = {"rows": "ticked", "item": str(contacts.items.get().uuid)}
    table = f"/collections/{contacts.pk}"
    pages = [
        as_alice.post(f"{table}/rows/", sent),
        as_alice.post("/items/rows/", {**sent, "where": "search", "q": "gpj.exe"}),
    ]

    for page in pages:
        assert page.status_code == 200
        assert "gpj.exe" in page.text
        html = (
            page.text.partition("<textarea")[0] + page.text.partition("</textarea>")[2]
        )
        assert not_isolated(html) == []
