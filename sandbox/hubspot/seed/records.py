"""Make one seeded contact, company or deal."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from sandbox.core.times import DAY_MS, to_date, to_short_iso
from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS, MODIFIED, Portal
from sandbox.hubspot.seed.definitions import PIPELINES, get_definitions
from sandbox.hubspot.seed.owners import WORDS, get_owners

ODD_VALUES = (*WORDS["odd_values"], "x" * 300)
# Fixed times, so that the same seed makes the same data on any day.
NEWEST = 1_793_491_200_000  # 2026-11-01
OLDEST = NEWEST - 3 * 365 * DAY_MS
IMPORTED = NEWEST - 47 * DAY_MS
SHARE_IMPORTED = 0.55
MERGED_FROM = 5_000
Values = dict[str, str]


@dataclass(kw_only=True)
class Maker:
    """Makes the records of one portal; a record's number decides how odd it is."""

    portal: Portal
    rng: random.Random
    deals_of: dict[int, int]
    aliases: list[tuple[str, str, int, int]] = field(default_factory=list)

    def make(
        self, type_id: str, record_id: int, number: int, *, is_archived: bool
    ) -> tuple[Any, ...]:
        """Return one record as it is stored."""
        created, modified = self._draw_times()
        makers = {
            CONTACTS: self._make_contact,
            COMPANIES: self._make_company,
            DEALS: self._make_deal,
        }
        values = makers[type_id](record_id, number)
        if self.rng.random() < 0.8:
            owners = get_owners(self.portal.id)[1:]
            values["hubspot_owner_id"] = self.rng.choice(owners)["id"]
        if not is_archived and number % 300 == 150:
            values["hs_merged_object_ids"] = self._merge_into(type_id, record_id)
        if is_archived:
            values.pop("crm_key", None)
            if "email" in values:
                values["email"] = f"former.{values['email']}"
        values["createdate"] = to_short_iso(created)
        values[MODIFIED[type_id]] = to_short_iso(modified)
        values["hs_object_id"] = str(record_id)
        times = (modified, NEWEST if is_archived else None, 0)
        return (self.portal.id, type_id, record_id, *times, json.dumps(values))

    def _draw_times(self) -> tuple[int, int]:
        """Draw when a record was created and last modified."""
        if self.rng.random() < SHARE_IMPORTED:
            # One bulk import leaves more rows on one instant than search can page.
            return IMPORTED, IMPORTED
        created = self.rng.randint(OLDEST, NEWEST - DAY_MS)
        modified = self.rng.randint(created, NEWEST)
        return created, modified - modified % 1000 if created % 5 == 0 else modified

    def _pick_option(self, type_id: str, name: str) -> str:
        return self.rng.choice(get_definitions(type_id)[name].values)

    def _merge_into(self, type_id: str, record_id: int) -> str:
        first = MERGED_FROM + 2 * len(self.aliases)
        old = (first, first + 1)
        self.aliases += [(self.portal.id, type_id, o, record_id) for o in old]
        return ";".join(str(o) for o in old)

    def _make_contact(self, record_id: int, number: int) -> Values:
        rng = self.rng
        city, state, postcode, country = rng.choice(WORDS["cities"])
        values = {
            "email": f"person{number}@{rng.choice('abcdefgh')}{number % 97}.example",
            "firstname": rng.choice(WORDS["first_names"]),
            "lastname": rng.choice(WORDS["last_names"]),
            "jobtitle": rng.choice(WORDS["jobs"]),
            "phone": f"+1 555 {rng.randint(100, 999)} {rng.randint(1000, 9999)}",
            "address": f"{rng.randint(1, 200)} Quay Street",
            "city": city,
            "state": state,
            "zip": postcode,
            "country": country,
            "lifecyclestage": self._pick_option(CONTACTS, "lifecyclestage"),
        }
        if rng.random() < 0.4:
            values["hs_lead_status"] = self._pick_option(CONTACTS, "hs_lead_status")
            topics = get_definitions(CONTACTS)["newsletter_topics"].values
            values["newsletter_topics"] = ";".join(rng.sample(topics, 2))
            values["renewal_date"] = to_date(rng.randint(NEWEST, NEWEST + 3 * 10**10))
            values["loyalty_score"] = f"{rng.randint(0, 99_999) / 100:g}"
            values["is_vip"] = rng.choice(("true", "false"))
            values["crm_key"] = f"K-{number:06d}"
        if record_id in self.deals_of:
            values["num_associated_deals"] = str(self.deals_of[record_id])
        _make_odd(values, number)
        return values

    def _make_company(self, record_id: int, number: int) -> Values:
        rng = self.rng
        names = [rng.choice(WORDS[key]) for key in ("company_first", "company_last")]
        city, _, _, country = rng.choice(WORDS["cities"])
        values = {
            "name": " ".join(names),
            # Several companies share a domain: HubSpot does not keep it unique.
            "domain": f"company{number % 2_400}.example",
            "city": city,
            "country": country,
            "industry": self._pick_option(COMPANIES, "industry"),
            "numberofemployees": str(rng.randint(1, 5_000)),
            "annualrevenue": f"{rng.randint(0, 10**9) / 100:.2f}",
            "description": rng.choice(ODD_VALUES) if number % 30 == 3 else "",
        }
        if number % 60 == 5:
            del values["name"]
        return values

    def _make_deal(self, record_id: int, number: int) -> Values:
        rng = self.rng
        pipeline = PIPELINES[0] if rng.random() < 0.7 else PIPELINES[1]
        stage = rng.choice(pipeline["stages"])
        is_won = stage["metadata"] == {"isClosed": "true", "probability": "1.0"}
        values = {
            "dealname": f"{rng.choice(WORDS['deal_words'])} {number}",
            "pipeline": pipeline["id"],
            "dealstage": stage["id"],
            "dealtype": self._pick_option(DEALS, "dealtype"),
            "closedate": to_short_iso(rng.randint(OLDEST, NEWEST + 10**10)),
            "hs_is_closed_won": "true" if is_won else "false",
            "deal_currency_code": self.portal.currency,
        }
        if number % 9:
            values["amount"] = f"{rng.randint(0, 5 * 10**7) / 100:g}"
        if number % 45 == 2:
            values["dealname"] = ODD_VALUES[number % len(ODD_VALUES)]
        return values


def _make_odd(values: Values, number: int) -> None:
    """Give some contacts the oddities that real portals have."""
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
        values["hs_additional_emails"] = f"second{number}@b.example;{number}@c.example"
