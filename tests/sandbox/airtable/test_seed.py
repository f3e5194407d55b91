"""Check that the seed is repeatable, realistic and large."""

from sandbox import airtable
from sandbox.airtable.seed.accounts import COMPANIES, WORKSPACES
from sandbox.airtable.seed.loader import FULL
from sandbox.airtable.seed.plans import BASES
from sandbox.airtable.values import is_id
from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from tests.sandbox.airtable.airtable_client import JURGEN, MO


def digest(path, seed):
    storage = Storage(path)
    made = Sandbox(storage, config=Config(), providers=(airtable.PROVIDER,))
    made.seed(Plan(seed=seed, sizes={"records": 0}))
    rows = storage.all("SELECT id, table_id, cells FROM airtable_record ORDER BY key")
    return [tuple(row) for row in rows]


def test_the_same_seed_makes_the_same_data(tmp_path):
    one, two, other = (digest(tmp_path / str(n), seed) for n, seed in enumerate("112"))

    assert one == two
    assert one != other


def test_the_large_account_has_the_size_that_was_asked_for():
    bases = [base for base in BASES if base.account == "harbour"]

    assert len(bases) >= 4
    assert sum(len(base.tables) for base in bases) >= 15
    assert FULL >= 30_000


def test_people_and_workspaces_have_proper_ids():
    people = [person.id for company in COMPANIES for person in company.people]

    assert all(is_id("usr", one) for one in people)
    assert all(is_id("wsp", one) for one in WORKSPACES)


def test_the_small_accounts_can_be_read(client):
    for identity, table, base in (
        (JURGEN, "Möbelstücke", "Werkstatt"),
        (MO, "Every kind of field", "Untitled Base"),
    ):
        client.connect(identity)
        path, _ = client.find_table(table, base)

        assert len(client.read_all(path)) >= 240


def test_some_records_lack_their_title_and_some_are_empty(connected):
    path, table = connected.find_table("Customers")
    primary = table["fields"][0]["name"]

    records = connected.read_all(path)

    assert any(record["fields"] == {} for record in records)
    assert any(
        record["fields"] and primary not in record["fields"] for record in records
    )
