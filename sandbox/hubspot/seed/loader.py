"""Fill the portals with realistic and awkward data, the same for the same seed."""

import json
import random
import sqlite3
from typing import Any

from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS, PORTALS, Portal
from sandbox.hubspot.seed.definitions import DATED
from sandbox.hubspot.seed.records import WORDS, Facts, make_record
from sandbox.hubspot.seed.tables import Link, insert_links, insert_records, make_links

LARGE = PORTALS[0]
BIG_IDS_FROM = 180_000_000_000
CROWD = 600
FIRST_OWNER = 300_100


def seed(sandbox: Sandbox, plan: Plan) -> None:
    """Fill every portal; the sizes in the plan are those of the large one."""
    for portal in PORTALS:
        sizes = list(portal.sizes)
        if portal is LARGE:
            asked = (plan.sizes.get(n) for n in ("contacts", "companies", "deals"))
            sizes = [s if a is None else a for s, a in zip(sizes, asked, strict=True)]
        with sandbox.storage.write() as connection:
            _seed_portal(connection, portal, sizes, plan.seed)


def _seed_portal(
    connection: sqlite3.Connection, portal: Portal, sizes: list[int], seed: int
) -> None:
    rng = random.Random(f"{seed}/{portal.id}")
    owners = _make_owners(portal, 120 if portal is LARGE else 3)
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
    links, deals_of = _draw_links(rng, ids)
    owner_ids = [owner["id"] for owner in owners if owner["type"] == "PERSON"]
    facts = Facts(portal=portal, rng=rng, owners=owner_ids, deals_of=deals_of)
    for type_id, live in ids.items():
        for found, is_archived in ((live, False), (archived[type_id], True)):
            made = (
                make_record(facts, type_id, record_id, number, is_archived=is_archived)
                for number, record_id in enumerate(found)
            )
            insert_records(connection, made)
    connection.executemany("INSERT INTO hubspot_alias VALUES (?,?,?,?)", facts.aliases)
    insert_links(connection, portal.id, links)


def _make_owners(portal: Portal, active: int) -> list[dict[str, Any]]:
    """Return one queue, active users, and one in twenty more deactivated."""
    found = [_make_owner(-1, "QUEUE", "Inbound", "Queue") | {"archived": False}]
    firsts, lasts = WORDS["first_names"], WORDS["last_names"]
    for number in range(active + active // 20 + 1):
        is_archived, user_id = number >= active, 8_000 + number
        first, last = firsts[number % len(firsts)], lasts[number * 7 % len(lasts)]
        owner = _make_owner(number * 3, "PERSON", first, last)
        owner |= {"email": f"owner{number}@{portal.domain}", "archived": is_archived}
        owner["userIdIncludingInactive"] = user_id
        found.append(owner if is_archived else {**owner, "userId": user_id})
    return found


def _make_owner(offset: int, kind: str, first: str, last: str) -> dict[str, Any]:
    owner_id = str(FIRST_OWNER + offset)
    return {
        "id": owner_id,
        "type": kind,
        "firstName": first,
        "lastName": last,
        **DATED,
    }


def _make_ids(rng: random.Random, count: int) -> list[int]:
    """Draw rising ids: the types share small ones, later ones exceed 32 bits."""
    found, current = [], 9_000
    for number in range(count):
        if number == count // 3:
            current = BIG_IDS_FROM
        current += rng.randint(1, 3)
        found.append(current)
    return found


def _draw_links(
    rng: random.Random, ids: dict[str, list[int]]
) -> tuple[list[Link], dict[int, int]]:
    """Draw the associations, and count the deals of each contact."""
    links: list[Link] = []
    deals_of: dict[int, int] = {}
    contacts, companies, deals = ids[CONTACTS], ids[COMPANIES], ids[DEALS]
    for number, contact in enumerate(contacts if companies else []):
        end = (CONTACTS, contact)
        if number < CROWD or rng.random() < 0.7:
            company = companies[0] if number < CROWD else rng.choice(companies)
            links += make_links(end, (COMPANIES, company), is_primary=True)
        if number % 20 == 0:
            other = rng.choice(companies)
            links += make_links(end, (COMPANIES, other))
    for deal in deals:
        for contact in rng.sample(contacts, min(rng.randint(0, 3), len(contacts))):
            deals_of[contact] = deals_of.get(contact, 0) + 1
            links += make_links((DEALS, deal), (CONTACTS, contact))
        if companies and rng.random() < 0.8:
            company = rng.choice(companies)
            links += make_links((DEALS, deal), (COMPANIES, company), is_primary=True)
    return links, deals_of
