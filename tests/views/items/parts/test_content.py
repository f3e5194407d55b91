"""An item's page shows its text, its place in the tree and the names of its links."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache.backends.locmem import LocMemCache
from django.urls import reverse
from django_redis.serializers.json import JSONSerializer
from kombu.exceptions import OperationalError

from integrations.models import Collection, Connection, Item, ItemContent
from integrations.services.common import queue
from integrations.services.items.detail import NOT_READ, NOT_SHARED
from integrations.services.items.search import full_text
from integrations.services.items.storage import contents
from integrations.services.sync.texts import opened_text
from tests.support.pages.kept_rows import kept
from tests.support.pages.shown import inside
from tests.support.rows import NOON, make_collection, make_connection, make_item

BLOCKS = [
    {"kind": "heading", "text": "Plan", "depth": 0, "level": 1},
    {"kind": "paragraph", "text": "<b>Not bold</b> & safe", "depth": 0},
    {"kind": "item", "text": "First", "depth": 0, "number": 3},
    {"kind": "item", "text": "Within", "depth": 1},
    {"kind": "item", "text": "Second", "depth": 0, "number": 4},
    {"kind": "item", "text": "A bullet", "depth": 0},
    {"kind": "todo", "text": "Call", "depth": 0, "is_done": True},
    {"kind": "todo", "text": "Write", "depth": 0, "is_done": False},
    {"kind": "row", "text": "", "depth": 0, "cells": ["a", "b"]},
    {"kind": "row", "text": "", "depth": 0, "cells": ["<i>", "d"]},
    {"kind": "code", "text": "if a < b:\n    pass", "depth": 0, "language": "python"},
    {"kind": "callout", "text": "Mind", "depth": 0, "icon": "💡"},
    {"kind": "callout", "text": "the step", "depth": 0, "icon": "💡"},
    {"kind": "quote", "text": "Said", "depth": 0},
    {"kind": "toggle", "text": "More", "depth": 0},
    {"kind": "paragraph", "text": "Hidden words", "depth": 1},
    {"kind": "page", "text": "Below", "depth": 0, "id": "below"},
    {"kind": "divider", "text": "", "depth": 0},
    {"kind": "of_the_future", "text": "Still words", "depth": 0},
]


@pytest.fixture
@kept
def connection(alice: User) -> Connection:
    return make_connection(alice, provider="notion", account_name="Lantern")


@pytest.fixture
@kept
def pages(connection: Connection) -> Collection:
    return make_collection(
        connection, remote_id="pages", name="Pages", item_type="page"
    )


@pytest.fixture
@kept
def page(pages: Collection) -> Item:
    return make_item(pages, name="Handbook", remote_id="top", parent_name="Workspace")


def make_content(item: Item, **values: Any) -> ItemContent:
    defaults = {"blocks": BLOCKS, "text": "Plan", "read_for": NOON, "read_at": NOON}
    return ItemContent.objects.create(item=item, **{**defaults, **values})


class JsonCache(LocMemCache):
    """Give values back as Redis does, which keeps them as JSON."""

    def add(self, key: Any, value: Any, *args: Any, **options: Any) -> Any:
        serializer = JSONSerializer({})
        kept = serializer.loads(serializer.dumps(value))
        return super().add(key, kept, *args, **options)


class Broker:
    """Write down what is sent, or be away."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.sent: list[tuple[str, list[str]]] = []
        self.is_away = is_away

    def send_task(self, name: str, args: list[str], **_options: Any) -> None:
        if self.is_away:
            raise OperationalError
        self.sent.append((name.rpartition(".")[2], args))


def html_of(client: Any, item: Item) -> str:
    text: str = client.get(item.get_absolute_url()).content.decode()
    return " ".join(text.split())


def test_a_text_is_shown_as_an_outline(
    as_alice: Any, page: Item, pages: Collection
) -> None:
    make_content(page)
    below = make_item(pages, name="Below", remote_id="below", parent_remote_id="top")

    html = html_of(as_alice, page)

    assert 'role="heading" aria-level="3">Plan<' in html
    assert "&lt;b&gt;Not bold&lt;/b&gt; &amp; safe" in html
    assert '<ol start="3"> <li > First <ul> <li > Within </li> </ul> </li>' in html
    assert html.count('<ul class="todos">') == 1
    assert '<span class="sr-only">Done:</span> Call' in html
    assert '<span class="sr-only">To do:</span> Write' in html
    assert "<td>&lt;i&gt;</td><td>d</td>" in html
    assert "<code>if a &lt; b:" in html
    assert html.count('class="callout"') == 1
    hidden = '<summary dir="auto">More</summary> <p dir="auto" >Hidden words</p>'
    assert hidden in html
    assert f'href="{below.get_absolute_url()}"' in html
    assert "Still words" in html
    assert "As of" in html


def test_a_long_text_says_that_it_is_cut_and_an_old_one_that_it_follows(
    as_alice: Any, page: Item
) -> None:
    make_content(page, is_truncated=True, read_for=NOON.replace(year=2025))

    html = html_of(as_alice, page)

    assert "Too long to keep whole" in html
    assert "It has changed since" in html


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (None, "is being read now"),
        (
            {
                "blocks": [],
                "reason": "unknown",
                "reason_data": {"message": "it <needs> a right"},
            },
            "read: it &lt;needs&gt; a",
        ),
        ({"blocks": [], "text": ""}, "There is no text in it."),
    ],
)
def test_a_text_that_is_not_there_says_why(
    as_alice: Any, page: Item, values: Any, words: str
) -> None:
    if values is not None:
        make_content(page, **values)

    assert words in html_of(as_alice, page)


def test_items_that_have_no_text_say_nothing_about_it(
    as_alice: Any, alice: User, connection: Connection
) -> None:
    databases = make_collection(connection, remote_id="dbs", item_type="database")
    contact = make_item(make_collection(make_connection(alice)))

    for item in (contact, make_item(databases)):
        assert as_alice.get(item.get_absolute_url()).context["content"] is None


def test_a_text_that_came_with_the_list_is_shown(as_alice: Any, alice: User) -> None:
    contact = make_item(make_collection(make_connection(alice)))
    make_content(contact)

    assert "Still words" in html_of(as_alice, contact)


def test_the_list_finds_words_inside_texts(
    as_alice: Any, as_bob: Any, page: Item
) -> None:
    kept = ItemContent.objects.create(
        item=page, text="Quagga & okapi", read_for=NOON, read_at=NOON
    )
    full_text.index({}, {page.pk: contents.words_of(kept)})

    found = as_alice.get(reverse("integrations:item-list"), {"q": "okap quagga"})

    assert list(found.context["items"]) == [page]
    other = as_bob.get(reverse("integrations:item-list"), {"q": "quagga"})
    assert list(other.context["items"]) == []


def test_a_page_shows_the_way_down_to_it(
    as_alice: Any, page: Item, pages: Collection
) -> None:
    middle = make_item(pages, name="Middle", remote_id="mid", parent_remote_id="top")
    leaf = make_item(pages, name="Leaf", remote_id="leaf", parent_remote_id="mid")

    shown = as_alice.get(leaf.get_absolute_url())

    assert shown.context["breadcrumbs"] == [page, middle]
    assert shown.context["top_name"] == "Workspace"
    assert inside(as_alice.get(page.get_absolute_url())) == [middle]


def test_a_database_holds_its_data_sources_and_those_hold_rows(
    as_alice: Any, connection: Connection, page: Item
) -> None:
    holder = make_collection(connection, remote_id="dbs", item_type="database")
    database = make_item(holder, remote_id="d", name="Tasks", parent_remote_id="top")
    source = make_item(
        holder, remote_id="s", name="Open", type="data_source", parent_remote_id="d"
    )
    rows = make_collection(connection, remote_id="s", name="Open", item_type="page")
    row = make_item(rows, name="A row", parent_remote_id="s")
    rows.refresh_from_db()

    assert inside(as_alice.get(database.get_absolute_url())) == [source]
    held = as_alice.get(database.get_absolute_url()).context["inside"].shown
    assert [child.table for child in held] == [rows]
    table_url = f"/collections/{rows.pk}/"
    assert table_url in as_alice.get(source.get_absolute_url()).content.decode()
    shown = as_alice.get(row.get_absolute_url())
    assert shown.context["breadcrumbs"] == [page, database, source]


@pytest.mark.parametrize(
    ("deleted", "words"),
    [
        (None, "Something that is not shared with this connection"),
        ("trashed", "Old things (in the trash there)"),
    ],
)
def test_a_parent_that_is_not_there_is_a_named_gap(
    as_alice: Any, pages: Collection, deleted: str | None, words: str
) -> None:
    if deleted:
        make_item(
            pages,
            name="Old things",
            remote_id="away",
            deleted_at=NOON,
            deleted_kind=deleted,
        )
    leaf = make_item(pages, name="Leaf", parent_remote_id="away")
    Collection.objects.update(first_full_refresh_at=NOON)

    shown = as_alice.get(leaf.get_absolute_url())

    assert shown.context["breadcrumbs"] == []
    assert shown.context["top_name"] == words
    assert words in html_of(as_alice, leaf)


def test_a_parent_that_may_be_read_yet_is_not_said_to_be_unshared(
    as_alice: Any, connection: Connection, pages: Collection
) -> None:
    leaf = make_item(pages, name="Leaf", parent_remote_id="away")
    make_collection(connection, remote_id="later", first_full_refresh_at=None)

    shown = as_alice.get(leaf.get_absolute_url())

    assert shown.context["top_name"] == NOT_READ
    Collection.objects.update(first_full_refresh_at=NOON)
    assert as_alice.get(leaf.get_absolute_url()).context["top_name"] == NOT_SHARED


def test_items_that_hold_each_other_are_shown_all_the_same(
    as_alice: Any, pages: Collection
) -> None:
    one = make_item(pages, name="One", remote_id="1", parent_remote_id="2")
    make_item(pages, name="Two", remote_id="2", parent_remote_id="1")

    assert as_alice.get(one.get_absolute_url()).status_code == 200


def test_icons_stand_before_names(as_alice: Any, pages: Collection) -> None:
    top = make_item(pages, name="Fleet", remote_id="f", properties={"about.icon": "🚢"})
    leaf = make_item(
        pages,
        name="Boat",
        parent_remote_id="f",
        properties={"about.icon": ":a name only:"},
    )

    listed = as_alice.get(reverse("integrations:item-list"))

    icons = {item.name: item.icon for item in listed.context["items"]}
    assert icons == {"Fleet": "🚢", "Boat": ""}
    assert '<span aria-hidden="true">🚢</span> <bdi>Fleet</bdi>' in html_of(
        as_alice, leaf
    )
    assert '<span aria-hidden="true">🚢</span> <bdi>Fleet</bdi></h1>' in html_of(
        as_alice, top
    )


def test_the_list_names_what_an_item_is_in(
    as_alice: Any, page: Item, pages: Collection
) -> None:
    make_item(pages, name="Leaf", parent_remote_id="top")

    listed = as_alice.get(reverse("integrations:item-list"))

    names = {item.name: item.parent_name for item in listed.context["items"]}
    assert names == {"Handbook": "Workspace", "Leaf": "Handbook"}


def test_relations_are_shown_by_title_and_lead_there(
    as_alice: Any, connection: Connection
) -> None:
    one, two = (f"a1000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
    clients = make_collection(connection, remote_id="cl", item_type="page")
    client = make_item(clients, name="Ríos & Sons", remote_id=one)
    tasks = make_collection(
        connection,
        remote_id="ta",
        item_type="page",
        schema={
            "fields": [
                {
                    "name": "r",
                    "label": "Client",
                    "kind": "links",
                    "options": {"target": "cl"},
                }
            ]
        },
    )
    task = make_item(tasks, name="Call", properties={"r": [one, two]})

    html = html_of(as_alice, task)

    assert (
        f'<a href="{client.get_absolute_url()}"><bdi>Ríos &amp; Sons</bdi></a>' in html
    )
    assert "and 1 more" in html


def test_what_is_shared_can_be_changed_where_users_pick_it(
    as_alice: Any, connection: Connection
) -> None:
    html = html_of(as_alice, connection)

    assert "Change shared pages" in html
    action = reverse("integrations:authorize", args=("notion",))
    assert f'action="{action}"' in html
    assert f'name="connection" value="{connection.pk}"' in html


def test_what_a_complete_collection_has_not_looked_into_is_said(
    as_alice: Any, connection: Connection
) -> None:
    make_collection(
        connection,
        completeness="complete",
        pending_reason="takes_turns",
        pending_reason_data={"number": 200},
    )

    assert "in turns, 200 rows at a time" in html_of(as_alice, connection)


def content_of(client: Any, item: Item) -> Any:
    return client.get(item.get_absolute_url()).context["content"]


def test_opening_a_page_has_its_text_read_first_and_asks_only_once(
    as_alice: Any,
    page: Item,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    broker = Broker()
    monkeypatch.setattr(queue, "current_app", broker)
    monkeypatch.setattr(opened_text, "cache", JsonCache("opened", {}))

    with django_capture_on_commit_callbacks(execute=True):
        first, again = content_of(as_alice, page), content_of(as_alice, page)

    assert [first["state"], again["state"]] == ["asked", "asked"]
    assert broker.sent == [("sync_opened_text", [str(page.pk)])]
    assert 'hx-trigger="every 2s"' in html_of(as_alice, page)


def test_an_older_text_is_asked_for_and_shown_meanwhile(
    as_alice: Any,
    page: Item,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    broker = Broker()
    monkeypatch.setattr(queue, "current_app", broker)
    make_content(page, read_for=NOON - timedelta(days=1))

    with django_capture_on_commit_callbacks(execute=True):
        content = content_of(as_alice, page)

    assert (content["state"], content["is_older"]) == ("read", True)
    assert len(broker.sent) == 1


@pytest.mark.parametrize("state", ["paused", "needs_reconnect", "disconnected"])
def test_nothing_is_asked_for_that_cannot_be_read(
    as_alice: Any, page: Item, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker()
    monkeypatch.setattr(queue, "current_app", broker)
    Connection.objects.update(state=state)

    assert content_of(as_alice, page)["state"] == "unread"
    assert broker.sent == []


@pytest.mark.django_db(transaction=True)
def test_without_a_queue_nobody_is_told_to_wait(
    as_alice: Any, page: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "current_app", Broker(is_away=True))

    assert content_of(as_alice, page)["state"] == "unread"
    assert content_of(as_alice, page)["state"] == "unread"


def test_waiting_ends_after_a_minute(
    as_alice: Any, page: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "current_app", Broker())
    content_of(as_alice, page)
    monkeypatch.setattr(opened_text, "PATIENCE", timedelta())

    assert content_of(as_alice, page)["state"] == "unread"
