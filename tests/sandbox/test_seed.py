"""Check that the seed is repeatable, realistic and awkward."""

import re
from collections import Counter
from pathlib import Path
from zlib import crc32

from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.core.storage import LAYOUT, Storage
from sandbox.providers import PROVIDERS

SIZES = {"contacts": 60, "companies": 5, "deals": 5, "records": 0, "rows": 0}


def digest(path, seed):
    storage = Storage(path)
    made = Sandbox(storage, config=Config(), providers=PROVIDERS)
    made.seed(Plan(seed=seed, sizes=SIZES))
    tables = ("hubspot_record", "airtable_record")
    rows = [storage.all(f"SELECT * FROM {table} ORDER BY key") for table in tables]
    return [[tuple(row) for row in found] for found in rows]


def test_the_same_seed_makes_the_same_data(tmp_path):
    one, two, other = (digest(tmp_path / str(n), seed) for n, seed in enumerate("112"))

    assert one == two
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_a_second_start_keeps_the_data(client):
    assert client.sandbox.seed(Plan()) == []


def test_a_file_of_another_layout_is_moved_aside(tmp_path, caplog):
    path = tmp_path / "sandbox.sqlite3"
    digest(path, 1)
    old = Storage(path)
    old.connection.execute("PRAGMA user_version = 0")
    old.connection.execute("DROP TABLE hubspot_record")
    old.close()

    digest(path, 1)

    assert Path(f"{path}.old").exists()
    assert [record.args for record in caplog.records] == [(Path(f"{path}.old"),)]


def test_every_change_of_a_table_raises_the_layout(client):
    tables = client.sandbox.storage.all("SELECT sql FROM sqlite_master ORDER BY name")
    written = "".join(row["sql"] or "" for row in tables)

    assert (LAYOUT, crc32(written.encode())) == (2, 964930067)


def test_contacts_are_as_awkward_as_real_ones(client):
    records = client.query("records", limit=1000)["records"]
    found = [record["properties"] for record in records]
    text = "".join(p.get("lastname", "") + p.get("jobtitle", "") for p in found)

    for name in ("firstname", "email"):
        assert any(name not in p for p in found)
    assert any(p.get("phone") == "" for p in found)
    assert any(len(p.get("visit_notes", "")) > 60_000 for p in found)
    assert any("hs_merged_object_ids" in p for p in found)
    assert "<script>" in text
    assert "=HYPERLINK" in text
    assert re.search("[\u0591-\u06fe]", text)
    # More than half of them share one timestamp: that of an import.
    (time, count), *_ = Counter(p["lastmodifieddate"] for p in found).most_common(1)
    assert time == "2026-09-15T00:00:00Z"
    assert count > len(found) / 2
