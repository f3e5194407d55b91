"""Compare a full refresh with a hand-written loop, and with other tools.

Contacts of HubSpot without latency and with it, then records of Airtable and rows of
Notion without; ``BENCH_PARTS`` names which of them, as ``late,pages``.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.conf import settings
from django.db import connection as database

from integrations.models import Collection, Connection, Item
from integrations.services.grants.tokens import token_for
from tests.bench.site import product
from tests.bench.site.airtable import name_of
from tests.bench.site.notion import id_of
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures
from tests.bench.support.peers import Command, Peer, Times, install_all, loaded

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "50000"))
RECORDS = int(os.environ.get("BENCH_RECORDS", "20000"))
PAGES = int(os.environ.get("BENCH_PAGES", "20000"))
TURNS = 3
LATENCY_MS = 50
FLOOR, FIRST, SECOND = "hand-written loop", "first refresh", "second refresh"
LIMITS = {FIRST: 7.0, SECOND: 4.0}
LOOP = Peer(name=FLOOR, script="hand_written.py", needs=("httpx", "orjson"))
FOR_HUBSPOT = (
    Peer(name="bulk_create", script="bulk_create.py", needs=("django", "requests")),
    Peer(
        name="hubspot-api-client",
        script="hubspot_client.py",
        needs=("hubspot-api-client",),
    ),
    Peer(name="dlt", script="dlt_pipeline.py", needs=("dlt[sqlalchemy]",)),
    Peer(name="Singer's tap", script="singer_tap.py", needs=("tap-hubspot",)),
)
RECORD_LOOP = replace(LOOP, script="hand_written_airtable.py")
FOR_AIRTABLE = (
    Peer(name="pyairtable", script="airtable_client.py", needs=("pyairtable",)),
)
PAGE_LOOP = replace(LOOP, script="hand_written_notion.py")
FOR_NOTION = (
    Peer(name="notion-client", script="notion_sdk.py", needs=("notion-client",)),
)
# Notion lists no more than 10,000 rows of a data source.
SOURCES = 2


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Take turns without latency, and once with it; then with another provider."""
    del long
    parts = {
        "contacts": _load_contacts,
        "late": _load_contacts_late,
        "records": _load_records,
        "pages": _load_pages,
    }
    wanted = os.environ.get("BENCH_PARTS", ",".join(parts)).split(",")
    for part in wanted:
        parts[part](site, figures)


def _load_contacts(site: Site, figures: Figures) -> None:
    connection, ways, url = _prepare_contacts(site, figures)
    site.pages(contacts=CONTACTS, latency_ms=0)
    times = Times(floor=FLOOR)
    for turn in range(TURNS):
        _run_peers(site, times, connection, ways, (url,), f"contacts-{turn}", CONTACTS)
        product.forget(connection, "contacts")
        _refresh(site, times, connection, (FIRST, SECOND))
    times.note(figures, "no latency", LIMITS)


def _load_contacts_late(site: Site, figures: Figures) -> None:
    connection, ways, url = _prepare_contacts(site, figures)
    site.pages(contacts=CONTACTS, latency_ms=LATENCY_MS)
    times = Times(floor=FLOOR)
    _run_peers(site, times, connection, ways, (url,), "contacts-late", CONTACTS)
    product.forget(connection, "contacts")
    _refresh(site, times, connection, (FIRST,))
    times.note(figures, f"{LATENCY_MS} ms", {FIRST: 1.06}, kinds=["wall"])


def _prepare_contacts(
    site: Site, figures: Figures
) -> tuple[Connection, Mapping[str, Command], str]:
    """Return a connection, the other ways to load its contacts, and from where."""
    site.start_pages()
    connection = product.connect(site)
    ways = install_all(site, figures, LOOP, FOR_HUBSPOT)
    configured = settings.PROVIDERS[connection.provider]
    url = f"{configured.api_url}/crm/objects/{configured.version}/contacts"
    return connection, ways, url


def _load_records(site: Site, figures: Figures) -> None:
    """Load one base of one table by all ways."""
    site.start_server("tests.bench.site.airtable", "1", str(RECORDS // 100), "0")
    connection = product.connect_to_server("airtable")
    # One whose plan is not known is read carefully, and would not be read at once.
    Connection.objects.filter(pk=connection.pk).update(plan="business")
    connection.refresh_from_db()
    product.sync(connection)
    ways = install_all(site, figures, RECORD_LOOP, FOR_AIRTABLE)
    api = settings.PROVIDERS[connection.provider].api_url
    url = f"{api}/{name_of('app', 0)}/{name_of('tbl', 0)}"
    times = Times(floor=FLOOR)
    for turn in range(TURNS):
        _run_peers(site, times, connection, ways, (url,), f"records-{turn}", RECORDS)
        table = connection.collections.get(item_type="record")
        table.items.all().delete()
        Collection.objects.filter(pk=table.pk).update(stored_count=0)
        _refresh(site, times, connection, (FIRST, SECOND))
    # By the clock it is the limit of a base, which the others do not keep to.
    times.note(figures, "Airtable", LIMITS, kinds=["CPU"])


def _load_pages(site: Site, figures: Figures) -> None:
    """Load the rows of data sources by all ways; the product reads texts as well."""
    pages = str(PAGES // SOURCES // 100)
    site.start_server("tests.bench.site.notion", str(SOURCES), pages)
    connection = product.connect_to_server("notion")
    product.sync(connection)
    ways = install_all(site, figures, PAGE_LOOP, FOR_NOTION)
    api = settings.PROVIDERS[connection.provider].api_url
    sources = ",".join(id_of("d", number) for number in range(SOURCES))
    times = Times(floor=FLOOR)
    for turn in range(TURNS):
        _run_peers(
            site, times, connection, ways, (api, sources), f"pages-{turn}", PAGES
        )
        rows = connection.collections.exclude(remote_id__in=("databases", "pages"))
        Item.objects.filter(collection__in=rows).delete()
        rows.update(stored_count=0)
        _refresh(site, times, connection, (FIRST, SECOND))
    times.note(figures, "Notion", LIMITS)


def _run_peers(
    site: Site,
    times: Times,
    connection: Connection,
    ways: Mapping[str, Command],
    what: Sequence[str],
    turn: str,
    count: int,
) -> None:
    """Load everything anew by each other way, into a file of its own."""
    token = token_for(connection.pk).secret.reveal()
    for name, command in ways.items():
        target = site.directory / f"{name.replace(' ', '-')}-{turn}.sqlite3"
        times.run(name, command(*what, token, str(target)), site.environment)
        assert (found := loaded(target)) >= count, f"{name} loaded {found} of {count}"


def _refresh(
    site: Site, times: Times, connection: Connection, names: Sequence[str]
) -> None:
    """Let the product load everything anew, and then once more for each other name."""
    database.close()
    command = [site.python, "manage.py", "sync", "--full", "--connection"]
    for name in names:
        times.run(name, [*command, str(connection.pk)], site.environment)
