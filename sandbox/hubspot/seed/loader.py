"""Fill the portals with realistic and awkward data, the same for the same seed."""

import random
import sqlite3

from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS, PORTALS, Portal
from sandbox.hubspot.seed.records import Maker
from sandbox.hubspot.seed.tables import INSERT_RECORD, Pair, insert_links

BIG_IDS_FROM = 180_000_000_000
CROWD = 600


def seed(sandbox: Sandbox, plan: Plan) -> None:
    """Fill every portal; the sizes in the plan are those of the large one."""
    for portal in PORTALS:
        sizes = list(portal.sizes)
        if portal is PORTALS[0]:
            asked = (plan.sizes.get(n) for n in ("contacts", "companies", "deals"))
            sizes = [s if a is None else a for s, a in zip(sizes, asked, strict=True)]
        with sandbox.storage.write() as connection:
            _seed_portal(connection, portal, sizes, plan.seed)


def _seed_portal(
    connection: sqlite3.Connection, portal: Portal, sizes: list[int], seed: int
) -> None:
    rng = random.Random(f"{seed}/{portal.id}")
    ids, archived = {}, {}
    for type_id, size in zip((CONTACTS, COMPANIES, DEALS), sizes, strict=True):
        every = _make_ids(rng, size + size // 100)
        archived[type_id] = sorted(rng.sample(every, size // 100))
        gone = set(archived[type_id])
        ids[type_id] = [record_id for record_id in every if record_id not in gone]
    pairs, deals_of = _draw_links(rng, ids)
    maker = Maker(portal=portal, rng=rng, deals_of=deals_of)
    for type_id, live in ids.items():
        for found, is_archived in ((live, False), (archived[type_id], True)):
            made = (
                maker.make(type_id, record_id, number, is_archived=is_archived)
                for number, record_id in enumerate(found)
            )
            connection.executemany(INSERT_RECORD, made)
    connection.executemany("INSERT INTO hubspot_alias VALUES (?,?,?,?)", maker.aliases)
    insert_links(connection, portal.id, pairs)


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
) -> tuple[list[Pair], dict[int, int]]:
    """Draw the associations, and count the deals of each contact."""
    pairs: list[Pair] = []
    deals_of: dict[int, int] = {}
    contacts, companies, deals = ids[CONTACTS], ids[COMPANIES], ids[DEALS]
    for number, contact in enumerate(contacts if companies else []):
        if number < CROWD or rng.random() < 0.7:
            company = companies[0] if number < CROWD else rng.choice(companies)
            pairs.append((CONTACTS, contact, COMPANIES, company, True))
        if number % 20 == 0:
            pairs.append((CONTACTS, contact, COMPANIES, rng.choice(companies), False))
    for deal in deals:
        for contact in rng.sample(contacts, min(rng.randint(0, 3), len(contacts))):
            deals_of[contact] = deals_of.get(contact, 0) + 1
            pairs.append((DEALS, deal, CONTACTS, contact, False))
        if companies and rng.random() < 0.8:
            pairs.append((DEALS, deal, COMPANIES, rng.choice(companies), True))
    return pairs, deals_of
