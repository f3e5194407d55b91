"""Fill the portals with realistic and awkward data, the same for the same seed."""

import json
import random
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Any

from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.core.times import DAY_MS, NEWEST, to_date, to_short_iso
from sandbox.hubspot.seed import definitions
from sandbox.hubspot.seed.accounts import MODIFIED, PORTALS, TYPES, Portal
from sandbox.hubspot.seed.definitions import PIPELINES, WORDS, Definition
from sandbox.hubspot.seed.tables import INSERT_RECORD, Pair, insert_links

BIG_IDS_FROM = 180_000_000_000
CROWD = 600
MERGED_FROM = 5_000
SHARE_IMPORTED = 0.55
# One of so many records is owned by somebody who can sign in, in turns.
EACH_OWNED = 10
ODD_VALUES = (*WORDS["odd_values"], "x" * 300)
OLDEST = NEWEST - 3 * 365 * DAY_MS
IMPORTED = NEWEST - 47 * DAY_MS
PLACE = ("city", "country", "state", "zip")
# What is drawn by the type of a property, other than words and options.
DRAWN = {
    "number": lambda rng: f"{rng.randint(0, 99_999) / 100:g}",
    "bool": lambda rng: rng.choice(("true", "false")),
    "date": lambda rng: to_date(rng.randint(NEWEST, NEWEST + 3 * 10**10)),
    "datetime": lambda rng: to_short_iso(rng.randint(OLDEST, NEWEST + 10**10)),
    "phone_number": lambda rng: f"+1 555 {rng.randint(100, 999)} {rng.randint(10, 99)}",
}
CONTACTS, COMPANIES, DEALS = TYPES
Values = dict[str, str]


def seed(sandbox: Sandbox, plan: Plan) -> None:
    """Fill every portal; the sizes in the plan are those of the large one."""
    for portal in PORTALS:
        sizes = dict(zip(TYPES.values(), portal.sizes, strict=True))
        if portal is PORTALS[0]:
            sizes |= {name: plan.sizes.get(name, size) for name, size in sizes.items()}
        maker = Maker(portal=portal, rng=random.Random(f"{plan.seed}/{portal.id}"))
        with sandbox.storage.write() as connection:
            maker.fill(connection, sizes)


@dataclass(kw_only=True)
class Maker:
    """Makes the records of one portal; a record's number decides how odd it is."""

    portal: Portal
    rng: random.Random
    aliases: list[tuple[str, str, int, int]] = field(default_factory=list)

    def fill(self, connection: Connection, sizes: dict[str, int]) -> None:
        ids, archived = {}, {}
        for type_id, name in TYPES.items():
            size = sizes[name]
            every = self._draw_ids(size + size // 100)
            archived[type_id] = set(self.rng.sample(every, size // 100))
            ids[type_id] = [i for i in every if i not in archived[type_id]]
        insert_links(connection, self.portal.id, self._draw_links(ids))
        for type_id, live in ids.items():
            for found, is_archived in ((live, False), (archived[type_id], True)):
                made = (
                    self._make(type_id, record_id, number, is_archived=is_archived)
                    for number, record_id in enumerate(sorted(found))
                )
                connection.executemany(INSERT_RECORD, made)
        insert = "INSERT INTO hubspot_alias VALUES (?, ?, ?, ?)"
        connection.executemany(insert, self.aliases)

    def _draw_ids(self, count: int) -> list[int]:
        found, current = [], 9_000
        for number in range(count):
            if number == count // 3:
                current = BIG_IDS_FROM
            current += self.rng.randint(1, 3)
            found.append(current)
        return found

    def _draw_links(self, ids: dict[str, list[int]]) -> list[Pair]:
        rng, pairs = self.rng, list[Pair]()
        contacts, companies, deals = ids[CONTACTS], ids[COMPANIES], ids[DEALS]
        for number, contact in enumerate(contacts if companies else []):
            if number < CROWD or rng.random() < 0.7:
                company = companies[0] if number < CROWD else rng.choice(companies)
                label = "Decision maker" if number % 300 == 5 else ""
                pairs.append((CONTACTS, contact, COMPANIES, company, True, label))
            if number % 20 == 0:
                other = rng.choice(companies)
                label = "Billing contact" if number % 100 == 0 else ""
                pairs.append((CONTACTS, contact, COMPANIES, other, False, label))
        for number, deal in enumerate(deals):
            for contact in rng.sample(contacts, min(rng.randint(0, 3), len(contacts))):
                label = "Decision maker" if number % 50 == 0 else ""
                pairs.append((DEALS, deal, CONTACTS, contact, False, label))
            if companies and rng.random() < 0.8:
                company = rng.choice(companies)
                pairs.append((DEALS, deal, COMPANIES, company, True, ""))
        return pairs

    def _make(
        self, type_id: str, record_id: int, number: int, *, is_archived: bool
    ) -> tuple[Any, ...]:
        created, modified = self._draw_times()
        values = self._draw_values(type_id)
        if type_id == CONTACTS:
            self._finish_contact(values, number, is_archived=is_archived)
        elif type_id == COMPANIES:
            self._finish_company(values, number)
        else:
            self._finish_deal(values, number)
        if not is_archived and number % 300 == 150:
            start = MERGED_FROM + len(self.aliases)
            old = range(start, start + 2)
            values["hs_merged_object_ids"] = ";".join(map(str, old))
            self.aliases += [(self.portal.id, type_id, o, record_id) for o in old]
        for made_up in (number % 200, number * 7 % 200):
            row, value = definitions.make_up(made_up)
            values[row["name"]] = value
        values["createdate"] = to_short_iso(created)
        values[MODIFIED[type_id]] = to_short_iso(modified)
        if number % EACH_OWNED == 3:
            # Behind the queue the owners begin with these people.
            owner = 1 + number // EACH_OWNED % len(self.portal.people)
            owners = definitions.get_owners(self.portal.id)
            values["hubspot_owner_id"] = owners[owner]["id"]
        values["hs_object_id"] = str(record_id)
        times = (modified, NEWEST if is_archived else None, 0)
        return (self.portal.id, type_id, record_id, *times, json.dumps(values))

    def _draw_times(self) -> tuple[int, int]:
        if self.rng.random() < SHARE_IMPORTED:
            # One bulk import leaves more rows on one instant than search can page.
            return IMPORTED, IMPORTED
        created = self.rng.randint(OLDEST, NEWEST - DAY_MS)
        modified = self.rng.randint(created, NEWEST)
        return created, modified - modified % 1000 if created % 5 == 0 else modified

    def _draw_values(self, type_id: str) -> Values:
        place = dict(zip(PLACE, self.rng.choice(WORDS["cities"]), strict=True))
        values = {}
        for name, definition in definitions.get_definitions(type_id).items():
            if definition["hubspotDefined"] or self.rng.random() < 0.4:
                value = place.get(name) or self._draw_value(definition)
                if value is not None:
                    values[name] = value
        if self.rng.random() < 0.8:
            owners = definitions.get_owners(self.portal.id)[1:]
            values["hubspot_owner_id"] = self.rng.choice(owners)["id"]
        return values

    def _draw_value(self, definition: Definition) -> str | None:
        name, options = definition["name"], definitions.get_options(definition)
        if definition["fieldType"] == "checkbox" and options:
            return ";".join(self.rng.sample(options, 2))
        if words := WORDS.get(name) or options:
            return str(self.rng.choice(words))
        draw = DRAWN.get(definition["type"])
        return draw(self.rng) if draw and not definition["calculated"] else None

    def _finish_contact(
        self, values: Values, number: int, *, is_archived: bool
    ) -> None:
        former = "former." if is_archived else ""
        values["email"] = f"{former}person{number}@{number % 97}.example"
        if number % 5 < 2 and not is_archived:
            values["crm_key"] = f"K-{number:06d}"
        oddity = ODD_VALUES[(number // 40) % len(ODD_VALUES)]
        if number % 40 == 7:
            values["lastname"] = oddity
        if number % 40 == 9:
            values["jobtitle"] = values["visit_notes"] = oddity
        if number % 50 == 11:
            del values["firstname"], values["lastname"]
        if number % 50 == 13:
            values["firstname"] = values["phone"] = values["city"] = ""
        if number % 70 == 17:
            del values["email"]
        if number % 400 == 19:
            values["visit_notes"] = WORDS["note"] * 840
        if number % 90 == 21:
            emails = f"second{number}@b.example;{number}@c.example"
            values["hs_additional_emails"] = emails

    def _finish_company(self, values: Values, number: int) -> None:
        words = (WORDS["company_first"], WORDS["company_last"])
        values["name"] = " ".join(self.rng.choice(some) for some in words)
        # Several companies share a domain: HubSpot does not keep it unique.
        values["domain"] = f"company{number % 2_400}.example"
        if number % 30 == 3:
            values["description"] = self.rng.choice(ODD_VALUES)
        if number % 60 == 5:
            del values["name"]

    def _finish_deal(self, values: Values, number: int) -> None:
        pipeline = PIPELINES[0] if self.rng.random() < 0.7 else PIPELINES[1]
        stage = self.rng.choice(pipeline["stages"])
        values |= {"pipeline": pipeline["id"], "dealstage": stage["id"]}
        is_won = stage["metadata"] == {"isClosed": "true", "probability": "1.0"}
        values["hs_is_closed_won"] = "true" if is_won else "false"
        values["deal_currency_code"] = self.portal.details["companyCurrency"]
        values["dealname"] += f" {number}"
        if number % 9 == 0:
            del values["amount"]
        if number % 45 == 2:
            values["dealname"] = ODD_VALUES[number % len(ODD_VALUES)]
