"""Rows that a filter should have left out are in no file, feed, digest or edit."""

import io
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from integrations.models import Collection, Download, Item, Notice
from integrations.providers import CONNECTORS
from integrations.services.items.downloads import making
from integrations.services.items.saved_views.problems import Problem
from integrations.services.notices.following import digests, view_items
from integrations.services.notices.following import follows as following
from tests.support.pages.tables import get
from tests.support.rows import make_connection
from tests.views.items.tables.test_relation_columns import COMPANIES, make, stored
from tests.views.items.tables.test_table import codes
from tests.views.saved_views.test_feeds import ATOM, entries, make_feed, parse
from tests.views.saved_views.test_saved_views import table

QUERIES = {
    "vague": f"?{COMPANIES}__contains=sister",
    "lost": "?amount__gt=1000",
    "mistake": "?who__me=1",
}
PROBLEMS = {name: Problem(name) for name in QUERIES}
FIELDS = [
    {"name": "amount", "label": "Amount", "kind": "number"},
    {"name": "who", "label": "Who", "kind": "user"},
]
ME = "ana@example.com"


def fail(*_: Any) -> None:
    raise ValueError


@pytest.fixture(params=QUERIES)
def broken(
    request: pytest.FixtureRequest,
    as_alice: Client,
    alice: Any,
    keep: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Return a table, a view whose filter cannot be used, and its feed's address."""
    connection = make_connection(alice, account={"user_email": ME})
    companies = make(connection, "companies", "company", [("1", "Sister 1", {})])
    rows = [
        ("11", "Meant", {COMPANIES: ["1"], "amount": "5000", "who": "41"}),
        ("12", "Not meant", {"amount": "5", "who": "42"}),
    ]
    made = make(connection, "deals", "deal", rows)
    made.schema = {"fields": FIELDS, "lookups": {"owner_email": {"41": ME}}}
    made.save(update_fields=("schema",))
    view = keep(table(made, QUERIES[request.param]), "Meant ones")
    feed = make_feed(as_alice, view)
    assert len(entries(Client().get(feed))) == 1
    if request.param == "vague":
        stored(companies, [(f"{n}", f"Sister {n}", {}) for n in range(1000, 1501)])
    elif request.param == "mistake":
        monkeypatch.setattr(CONNECTORS["hubspot"], "own_user_ids", fail)
    else:
        Collection.objects.filter(pk=made.pk).update(schema={"fields": []})
    return made, view, feed


def test_the_page_of_such_a_view_says_so(as_alice, broken):
    _, view, _ = broken

    page = as_alice.get(view.get_absolute_url(), follow=True)

    assert {"left_out", "view_left_out"} & set(codes(page))
    assert page.context["words"] == ""
    assert not page.context["is_view_changed"]


@pytest.mark.parametrize("action", ["rows", "download"])
def test_not_all_that_match_can_be_chosen(as_alice, broken, action):
    made, view, _ = broken
    query = as_alice.get(view.get_absolute_url()).url.partition("?")[2]
    path = f"/collections/{made.pk}/{action}/?{query}"

    answer = as_alice.post(path, {"rows": "all", "form": "csv"}, follow=True)

    assert "left_out" in codes(answer)
    ticked = [str(Item.objects.get(name="Meant").uuid)]
    some = as_alice.post(path, {"rows": "ticked", "item": ticked, "form": "csv"})
    assert some.status_code == 200


def test_no_file_of_it_is_made(as_alice, alice, broken):
    made, view, _ = broken
    query = as_alice.get(view.get_absolute_url()).url.partition("?")[2]

    path = f"/collections/{made.pk}/download/?{query}"
    answer = as_alice.post(path, {"form": "csv"}, follow=True)

    assert "left_out" in codes(answer)
    download = Download.objects.create(
        owner=alice,
        collection=made,
        name="Deals",
        form="csv",
        content="shown",
        time_zone="UTC",
        parameters=QueryDict(query).urlencode(),
    )
    making.make(download.pk)
    download.refresh_from_db()
    assert download.state == Download.State.FAILED
    for where in ({"view": view.name}, {"address": f"/collections/{made.pk}/?{query}"}):
        with pytest.raises(CommandError):
            call_command("items", user=alice.email, stdout=io.StringIO(), **where)


def test_neither_feed_nor_digest_tells_of_it(request, alice, broken):
    made, view, feed = broken

    answer = Client().get(feed)

    assert entries(answer) == []
    problem = PROBLEMS[request.node.callspec.params["broken"]]
    assert parse(answer).findtext(f"{ATOM}subtitle") == problem.sentence
    keys = [*made.items.values_list("pk", flat=True)]
    with pytest.raises(view_items.BrokenViewError) as caught:
        view_items.shown_among(view, alice, keys)
    assert caught.value.problem is problem
    assert bool(caught.value.reference) is (problem is Problem.MISTAKE)


def test_the_digest_says_what_is_wrong_with_its_filter(request, alice, broken):
    _, view, _ = broken
    following.follow(alice, view)
    until = timezone.now()
    facts = {"since": until.timestamp() - 3600, "until": until.timestamp()}
    notice = Notice.objects.create(
        user=alice,
        channel=Notice.Channel.MAIL,
        phase=Notice.Phase.DIGEST,
        text="Digest",
        facts=facts,
        due_at=until,
    )

    assert digests.send(alice, notice)

    (message,) = mail.outbox
    problem = PROBLEMS[request.node.callspec.params["broken"]]
    others = set(Problem) - {problem}
    assert problem.sentence in message.body
    assert not [each for each in others if each.sentence in message.body]


@pytest.fixture
def plainer(as_alice: Client, alice: Any, keep: Any) -> Any:
    """Return a table, and a view of it that lost all that it was shown by."""
    rows = [("11", "Meant", {"amount": "5000"}), ("12", "Other", {"amount": "5"})]
    made = make(make_connection(alice), "deals", "deal", rows)
    query = "?item.name__is=Meant&columns=amount&sort=amount"
    view = keep(table(made, query), "Meant ones")
    Collection.objects.filter(pk=made.pk).update(schema={"fields": []})
    return made, view


def test_a_view_that_only_looks_different_says_so_and_is_refused_nowhere(
    as_alice, alice, plainer
):
    made, view = plainer
    feed = make_feed(as_alice, view)
    page = as_alice.get(view.get_absolute_url(), follow=True)
    query = page.redirect_chain[-1][0].partition("?")[2]

    assert "view_left_out" in codes(page)
    assert len(page.context["view_left_out"]) == 2
    assert_whole(as_alice, alice, made, query)
    told = io.StringIO()
    call_command("items", user=alice.email, view=view.name, stdout=told)
    assert "Meant" in told.getvalue()
    assert len(entries(Client().get(feed))) == 1


@pytest.mark.parametrize(
    "look", ["columns=gone", "sort=gone", "group=gone", "size=7", "density=odd"]
)
def test_an_address_that_only_looks_different_says_so_and_is_not_refused(
    as_alice, alice, look
):
    rows = [("1", "Meant", {}), ("2", "Other", {})]
    made = make(make_connection(alice), "deals", "deal", rows)
    query = f"item.name__is=Meant&{look}"

    assert codes(get(as_alice, made, f"?{query}")) == ["left_out"]
    assert_whole(as_alice, alice, made, query)


def assert_whole(client: Client, user: Any, made: Collection, query: str) -> None:
    """Look that files and edits of all that match are made of the row that is meant."""
    path = f"/collections/{made.pk}/download/?{query}"
    for told in ({"form": "csv"}, {"form": "csv", "rows": "all"}):
        file = client.post(path, told)
        assert file.status_code == 200
        assert len(file.getvalue().decode().strip().splitlines()) == 2
    chosen = client.post(f"/collections/{made.pk}/rows/?{query}", {"rows": "all"})
    assert chosen.status_code == 200
    download = Download.objects.create(
        owner=user,
        collection=made,
        name="Deals",
        form="csv",
        content="shown",
        time_zone="UTC",
        parameters=query,
    )
    making.make(download.pk)
    download.refresh_from_db()
    assert download.state == Download.State.DONE
    assert download.rows_done == 1
    address = f"/collections/{made.pk}/?{query}"
    call_command("items", user=user.email, address=address, stdout=io.StringIO())


def test_a_download_by_an_address_with_an_unknown_filter_is_refused(as_alice, alice):
    made = make(make_connection(alice), "deals", "deal", [("1", "One", {})])
    assert codes(get(as_alice, made, "?nothing__is=1")) == ["left_out"]

    path = f"/collections/{made.pk}/download/?nothing__is=1"
    answer = as_alice.post(path, {"form": "csv"}, follow=True)

    assert "left_out" in codes(answer)
