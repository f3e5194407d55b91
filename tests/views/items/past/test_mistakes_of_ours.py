"""A value that our own describing fails at is shown raw, and said to be our mistake."""

import pytest
from django.urls import reverse

from integrations.models import Item
from integrations.providers import CONNECTORS
from tests.support.rows import NOON
from tests.views.items.past.conftest import HOUR, codes, put

THEN, LATER = (NOON + hours * HOUR for hours in (1, 9))


@pytest.fixture
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


@pytest.mark.parametrize("failing", ["describe", "describe_links"])
def test_a_mistake_in_describing_is_said_once_on_each_page(
    as_alice, deals, shown, monkeypatch, failing, caplog
):
    def fail(*args, **options):
        raise ValueError

    pages = {name: as_alice.get(*asked) for name, asked in shown.items()}
    assert [n for n, page in pages.items() if "connector_error" in codes(page)] == []
    connector = type(CONNECTORS[deals.connection.provider])
    monkeypatch.setattr(connector, failing, fail)

    texts = {n: as_alice.get(*asked).content.decode() for n, asked in shown.items()}

    told = {n: text.count('data-code="connector_error"') for n, text in texts.items()}
    needed = set(shown) if failing == "describe" else {"item of then", "changes"}
    assert {n for n, number in told.items() if number == 1} >= needed, told
    assert max(told.values()) == 1
    references = {record.args[0] for record in caplog.records if record.args}
    assert all(any(each in texts[n] for each in references) for n in needed)
