"""Fill the portals with realistic and awkward data, the same for the same seed."""

import json
import random
from typing import TYPE_CHECKING, Any

from sandbox.core.provider import Plan
from sandbox.hubspot.api.links import Link, link_pair
from sandbox.hubspot.api.records import insert_rows
from sandbox.hubspot.seed.accounts import (
    COMPANIES,
    CONTACTS,
    DEALS,
    HARBOUR,
    PORTALS,
    Portal,
)
from sandbox.hubspot.seed.people import make_owners
from sandbox.hubspot.seed.records import Facts, make_record

if TYPE_CHECKING:
    import sqlite3

    from sandbox.core.state import Sandbox

BIG_IDS_FROM = 180_000_000_000
CROWD = 600


def seed(sandbox: "Sandbox", plan: Plan) -> None:
    """Fill every portal; the sizes in the plan are those of the large one."""
    for portal in PORTALS:
        sizes = list(portal.sizes)
        if portal is HARBOUR:
            asked = (plan.sizes.get(n) for n in ("contacts", "companies", "deals"))
            sizes = [s if a is None else a for s, a in zip(sizes, asked, strict=True)]
        with sandbox.storage.write() as connection:
            _seed_portal(connection, portal, sizes, plan.seed)


def _seed_portal(
    connection: "sqlite3.Connection", portal: Portal, sizes: list[int], seed: int
) -> None:
    rng = random.Random(f"{seed}/{portal.id}")
    owners = make_owners(portal, 120 if portal is HARBOUR else 3)
    connection.executemany(
        "INSERT INTO hubspot_owner VALUES (?, ?, ?, ?)",
        [(portal.id, int(o["id"]), int(o["archived"]), json.dumps(o)) for o in owners],
    )
    ids, archived = {}, {}
    for type_id, size in zip((CONTACTS, COMPANIES, DEALS), sizes, strict=True):
        every = _make_ids(rng, size + size // 100)
        gone = set(rng.sample(every, size // 100))
        ids[type_id] = [record_id for record_id in every if record_id not in gone]
        archived[type_id] = sorted(gone)
    links, deals_of = _make_links(rng, ids)
    owner_ids = [owner["id"] for owner in owners if owner["type"] == "PERSON"]
    facts = Facts(portal=portal, rng=rng, owners=owner_ids, deals_of=deals_of)
    for type_id, live in ids.items():
        insert_rows(
            connection,
            (make_record(facts, type_id, i, n) for n, i in enumerate(live)),
        )
        insert_rows(
            connection,
            (
                make_record(facts, type_id, i, n, is_archived=True)
                for n, i in enumerate(archived[type_id])
            ),
        )
    connection.executemany("INSERT INTO hubspot_alias VALUES (?,?,?,?)", facts.aliases)
    connection.executemany(
        "INSERT OR IGNORE INTO hubspot_link VALUES (?, ?, ?, ?, ?, ?)",
        ((portal.id, *link) for link in links),
    )


def _make_ids(rng: random.Random, count: int) -> list[int]:
    """Draw rising ids: the types share small ones, later ones exceed 32 bits."""
    found, current = [], 9_000
    for number in range(count):
        if number == count // 3:
            current = BIG_IDS_FROM
        current += rng.randint(1, 3)
        found.append(current)
    return found


def _make_links(
    rng: random.Random, ids: dict[str, list[int]]
) -> tuple[list[Link], dict[int, int]]:
    links: list[Link] = []
    deals_of: dict[int, int] = {}
    contacts, companies, deals = ids[CONTACTS], ids[COMPANIES], ids[DEALS]
    for number, contact in enumerate(contacts if companies else []):
        if number < CROWD or rng.random() < 0.7:
            company = companies[0] if number < CROWD else rng.choice(companies)
            links += link_pair(CONTACTS, contact, COMPANIES, company, primary=True)
        if number % 20 == 0:
            other = rng.choice(companies)
            links += link_pair(CONTACTS, contact, COMPANIES, other, primary=False)
    for deal in deals:
        people: list[Any] = rng.sample(contacts, min(rng.randint(0, 3), len(contacts)))
        for contact in people:
            deals_of[contact] = deals_of.get(contact, 0) + 1
            links += link_pair(DEALS, deal, CONTACTS, contact, primary=False)
        if companies and rng.random() < 0.8:
            company = rng.choice(companies)
            links += link_pair(DEALS, deal, COMPANIES, company, primary=True)
    return links, deals_of
