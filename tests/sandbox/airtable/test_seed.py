"""Check that the seed is realistic and large."""

from sandbox.airtable.seed.accounts import COMPANIES, WORKSPACES
from sandbox.airtable.seed.loader import FULL
from sandbox.airtable.seed.making import BASES
from sandbox.airtable.values import is_id
from tests.sandbox.airtable.airtable_client import JURGEN, MO


def test_the_large_account_is_large_and_all_ids_are_proper():
    bases = [base for base in BASES if base["account"] == "harbour"]

    assert len(bases) >= 4
    assert sum(len(base["tables"]) for base in bases) >= 15
    assert FULL >= 30_000
    assert all(is_id("usr", p.id) for company in COMPANIES for p in company.people)
    assert all(is_id("wsp", one) for one in WORKSPACES)


def test_the_small_accounts_can_be_read(client):
    for identity, *table in (
        (JURGEN, "Möbelstücke", "Werkstatt"),
        (MO, "Every kind of field", "Untitled Base"),
    ):
        client.connect(identity)
        assert len(client.read_all(client.find_table(*table)[0])) >= 240
