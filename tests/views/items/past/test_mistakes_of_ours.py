"""A value that our own describing fails at is shown raw, and said to be our mistake."""

import pytest
from django.urls import reverse

from integrations.models import Item
from integrations.providers import CONNECTORS
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_run
from tests.views.items.past.conftest import HOUR, codes, put
from tests.views.test_live import look, parts_of

THEN, LATER = (NOON + hours * HOUR for hours in (1, 9))


@pytest.fixture
@kept
def shown(deals):
    """Return the addresses that show values of deals: of now, of then, what changed."""
    mail = {"email": "ana@acme.example"}
    put(deals, 5, a=("Ash", "5", "new", mail))
    put(deals, 6, a=("Ash", "6", "won", mail))
    item = deals.items.get(remote_id="a")
    table, past = f"/collections/{deals.pk}/", {"at": THEN.isoformat()}
    return {
        "item": (f"/items/{item.uuid}/", {}),
        "linking": (f"/items/{Item.objects.get(name='Acme').uuid}/", {}),
        "item of then": (f"/items/{item.uuid}/as-of/", past),
        "table": (table, {}),
        "table of then": (f"{table}as-of/", past),
        "difference": (f"{table}as-of/", {**past, "until": LATER.isoformat()}),
        "changes": (reverse("integrations:changes"), {}),
        "everything": (reverse("integrations:everything"), {"about": mail["email"]}),
    }


def fail_at(monkeypatch, deals, name, is_one=lambda *_: True):
    """Let a method of the connector fail at some values, by their names."""
    connector = type(CONNECTORS[deals.connection.provider])
    method = getattr(connector, name)

    def fail(self, values, *args):
        if is_one(values):
            raise ValueError
        return method(self, values, *args)

    monkeypatch.setattr(connector, name, fail)


def changed_values(page):
    """Return what the page of changes shows of what changed, by label."""
    entries = [entry for day in page.context["days"] for entry in day["entries"]]
    fields = [each for entry in entries for each in entry["fields"]]
    return {(each["label"], each["old"], each["new"]) for each in fields}


@pytest.mark.parametrize("failing", ["describe", "describe_links"])
def test_a_mistake_in_describing_is_said_once_on_each_page(
    as_alice, deals, shown, monkeypatch, failing, caplog
):
    pages = {name: as_alice.get(*asked) for name, asked in shown.items()}
    assert [n for n, page in pages.items() if "connector_error" in codes(page)] == []
    fail_at(monkeypatch, deals, failing)

    pages = {name: as_alice.get(*asked) for name, asked in shown.items()}

    texts = {name: page.content.decode() for name, page in pages.items()}
    told = {n: text.count('data-code="connector_error"') for n, text in texts.items()}
    needed = set(shown) if failing == "describe" else {"item of then", "changes"}
    assert {n for n, number in told.items() if number == 1} >= needed, told
    assert max(told.values()) == 1
    references = {r.args[0] for r in caplog.records if "connector error" in r.msg}
    assert all(any(each in texts[n] for each in references) for n in needed)
    # What can still be described is, whatever else fails.
    is_typed = failing == "describe_links"
    then = {(r["label"], r["then"]) for r in pages["item of then"].context["rows"]}
    assert (("Stage", "New") in then) is is_typed
    assert (("Stage", "New", "Won") in changed_values(pages["changes"])) is is_typed


@pytest.mark.parametrize(
    ("page", "heading"), [("item", "history"), ("everything", "timeline")]
)
def test_a_mistake_in_what_was_is_said_above_the_history(
    as_alice, deals, shown, monkeypatch, page, heading
):
    fail_at(monkeypatch, deals, "describe", lambda told: told.get("stage") == "new")

    answer = as_alice.get(*shown[page])

    assert answer.context["mistake"] == ""
    text = answer.content.decode()
    assert text.count('data-code="connector_error"') == 1
    assert text.index(f'id="{heading}"') < text.index('data-code="connector_error"')


def test_names_of_groups_that_are_raw_are_said_to_be(
    as_alice, deals, shown, monkeypatch
):
    put(deals, 7, g=("Gum", "4", "won", {"hot": True}))
    path, asked = shown["table"][0], {"group": "hot", "columns": "stage"}
    assert "connector_error" not in codes(as_alice.get(path, asked))
    fail_at(monkeypatch, deals, "describe", lambda told: "hot" in told)

    answer = as_alice.get(path, asked)

    assert len(answer.context["group_rows"]) == 2
    assert "connector_error" in codes(answer)


def test_a_mistake_that_lasts_is_no_news(as_alice, deals, shown, monkeypatch):
    make_run(deals.connection, started_at=NOON)
    fail_at(monkeypatch, deals, "describe", lambda told: told.get("stage") == "new")

    page = as_alice.get(shown["table"][0], {"columns": "stage"})
    answer = look(as_alice, page)

    assert "connector_error" in codes(page)
    assert answer.status_code == 200
    assert parts_of(answer) == set()
