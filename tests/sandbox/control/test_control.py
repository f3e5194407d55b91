"""Check the control pages, their commands, and what they tell tests."""

import hashlib
import json
import re

import pytest

from tests.sandbox.airtable.airtable_client import AirtableClient
from tests.sandbox.notion_client import INES, LANTERN, TOMASZ, NotionClient
from tests.sandbox.wsgi_client import ANA, Client

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"
OWN_COMMANDS = {
    "hubspot": ("records/archive", "records/merge", "records/touch"),
    "airtable": ("records/edit", "fields/retype", "bases/unshare", "quota/set"),
    "notion": ("records/move", "records/trash", "records/share", "records/unshare"),
}


def test_a_page_shows_one_provider_and_never_a_token(flow):
    flow.connect()
    tokens = [token["value"] for token in flow.query("tokens")["tokens"]]
    flow.fault("status", count=3)

    page = flow.get(f"/control/{flow.slug}")
    short, _, _ = page.text.partition("<summary>More")

    assert page.status == 200
    assert not [token for token in tokens if token in page.text]
    for part in ("/control/do/records/edit", "/control/do/grants/revoke", "Switch off"):
        assert part in short
    accounts = [account.id for account in flow.sandbox.providers[flow.slug].accounts]
    commands = [f"/control/do/{name}" for name in OWN_COMMANDS[flow.slug]]
    for part in accounts + commands:
        assert part in page.text


def test_no_provider_is_shown_the_totals_of_another(client, airtable):
    client.connect()
    for _ in range(3):
        airtable.api("/meta/bases")

    own = client.get("/control/hubspot").text
    other = client.get("/control/notion").text

    fact = '<tr><td>{}</td><td class="number">{}</td></tr>'
    assert fact.format("Requests", 2) in own
    assert fact.format("Token requests", 1) in own
    assert "/v0/meta/bases" not in own
    assert fact.format("Requests", 0) in other
    assert airtable.query("stats")["requests"] == 3
    assert client.get("/control/api/stats").data["requests"] == 5


def test_the_overview_leads_to_each_provider(client):
    page = client.get("/control/").text

    slugs = client.query("providers")["providers"]
    assert slugs == ["hubspot", "airtable", "notion"]
    for slug in slugs:
        assert f'href="/control/{slug}"' in page
    assert client.get("/control/nobody").status == 404
    assert client.get("/").text == client.get("/control").text == page


@pytest.mark.parametrize(
    ("name", "form", "message"),
    [
        ("records/touch", {"count": "3"}, "done=touched+3"),
        ("records/archive", {"id": "1"}, "failed=no+such"),
        ("faults/clear", {"only": "hubspot"}, "done=cleared+0"),
    ],
)
def test_a_form_goes_back_to_the_page_and_says_what_came_of_it(
    client, name, form, message
):
    form = {"provider": "hubspot", "type": "contacts", **form}

    answer = client.call("POST", f"/control/do/{name}", form=form)

    back = answer.headers["Location"]
    assert answer.status == 303
    assert back.startswith(f"/control/hubspot?{message}")
    kind = message.partition("=")[0]
    assert f'<p class="{kind}" role="status">' in client.get(back).text


@pytest.mark.parametrize(
    ("provider", "name", "body"),
    [
        ("notion", "records/merge", {"id": "1"}),
        ("airtable", "records/edit", {"id": "recAAAAAAAAAAAAAA"}),
        ("airtable", "records/archive", {"id": "recAAAAAAAAAAAAAA"}),
        ("airtable", "records/create", {"table": "Customers", "fields": {"No": 1}}),
        ("airtable", "records/touch", {"table": "Nothing"}),
        ("airtable", "bases/unshare", {"base": "Projects"}),
        ("airtable", "bases/rename", {"base": "Operations"}),
        ("airtable", "fields/rename", {"table": "Customers", "field": "No"}),
        ("airtable", "fields/remove", {"table": "Customers", "field": "Name"}),
        ("airtable", "quota/set", {"id": "wspNothing"}),
        ("airtable", "records/edit", {"account": "nobody"}),
        ("hubspot", "records/edit", {"type": "dogs", "id": "1"}),
        ("hubspot", "switches/set", {"name": "nothing"}),
        ("hubspot", "switches/set", {"name": "code_seconds", "value": "soon"}),
        ("hubspot", "faults/add", {"kind": "plague"}),
        ("hubspot", "faults/add", {"kind": "status", "family": "nowhere"}),
        ("hubspot", "faults/add", {"kind": "status", "count": "often"}),
        ("nobody", "faults/add", {"kind": "status"}),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(client, provider, name, body):
    answer = client.post(f"/control/api/{name}", {"provider": provider, **body})

    assert answer.status == 400
    assert answer.data["error"]


def test_what_is_not_simulated_is_404_and_other_sites_command_nothing(client, lantern):
    outside = ("/hubspot/crm/2026-09/objects/contacts", "/control/api/nothing")
    for url in ("/nowhere", *outside, "/notion/v1/comments"):
        assert client.get(url).status == 404
    assert lantern.patch(f"/notion/v1/pages/{'0' * 32}", {}).status == 404
    elsewhere = {"Origin": "https://evil.example"}
    for url in ("/control/api/calm", "/control/do/calm"):
        assert client.call("POST", url, body={}, headers=elsewhere).status == 403


def test_the_inventory_of_notion_is_that_of_one_person(notion):
    """What it counts is what a crawler finds: the connector's own tests see to that."""
    notion.connect()
    notion.connect(f"{LANTERN}:{TOMASZ}")
    private = notion.id("Only Tomasz sees this")

    ines = notion.query("inventory", user=INES, with_ids=1)["types"]["pages"]
    newest = notion.query("inventory", with_ids=1)["types"]["pages"]

    assert private in set(newest["id_list"]) - set(ines["id_list"])
    digest = hashlib.sha256("\n".join(ines["id_list"]).encode())
    assert ines["ids"] == digest.hexdigest()


@pytest.mark.parametrize(
    ("kind", "where", "change", "delete"),
    [
        (Client, {"type": "contacts"}, {"properties": {"city": "Bonn"}}, "archive"),
        (AirtableClient, {"table": "Customers"}, {"fields": {"Name": "x"}}, "delete"),
    ],
)
def test_the_inventory_digests_what_there_is_and_notices_every_change(
    client, kind, where, change, delete
):
    client = kind(client.app, client.clock)
    listed = client.query("records", limit=1000, **where)["records"]
    ids = [record["id"] for record in listed]

    def digest():
        text = json.dumps(client.query("inventory"))
        return re.findall(r'"ids": "(\w+)", "content": "(\w+)"', text)

    seen, first = [digest()], {"id": ids[0]}
    for name, body in (("edit", first | change), (delete, first), ("create", change)):
        client.clock.now += 1
        client.command(f"records/{name}", **where, **body)
        seen.append(digest())

    assert hashlib.sha256("\n".join(ids).encode()).hexdigest() in dict(seen[0])
    assert len({content for one in seen for _, content in one}) == len(seen[0]) + 3


@pytest.mark.parametrize(
    ("kind", "where", "find_time"),
    [
        (Client, "contacts", lambda r: r["properties"]["lastmodifieddate"]),
        (AirtableClient, "Customers", lambda r: r["modified"] or 0),
        (NotionClient, "pages", lambda r: r["last_edited_time"]),
    ],
)
def test_touching_changes_many_records_at_one_moment(client, kind, where, find_time):
    client, where = kind(client.app, client.clock), {"type": where}
    listed = client.query("records", limit=1000, **where)["records"]
    first, *rest = [record for record in listed if not record.get("in_trash")]
    touched = client.command("records/touch", count=150, offset=1, **where)

    listed = client.query("records", limit=1000, **where)["records"]
    records = {record["id"]: record for record in listed}

    assert touched["ids"] == [record["id"] for record in rest[:150]]
    assert touched["touched"] == len({*touched["ids"]}) == 150
    [moment] = {find_time(records[key]) for key in touched["ids"]}
    assert moment > max(map(find_time, [first, *rest]))
    assert records[first["id"]] == first


def test_expiring_and_revoking_spare_what_is_not_meant(client):
    other, mine, again = map(client.connect, ("2081774:61", ANA, ANA))
    fingerprint = hashlib.sha256(again["access_token"].encode()).hexdigest()[:12]

    def list_working():
        return [client.works(tokens) for tokens in (other, mine, again)]

    assert client.command("tokens/expire", fingerprint=fingerprint) == {"expired": 1}
    assert list_working() == [True, True, False]
    assert client.command("tokens/expire", grant=2, portal="555111") == {"expired": 1}
    assert list_working() == [True, False, False]
    assert client.command("grants/revoke", portal="555111") == {"revoked": 2}
    refused = client.refresh(mine["refresh_token"])
    assert refused.data["status"] == "BAD_REFRESH_TOKEN"
    assert client.works(other)


def test_every_token_and_code_ever_issued_is_listed(client):
    tokens = client.connect()
    fresh = client.refresh(tokens["refresh_token"]).data

    listed = client.query("tokens")
    requests = client.query("token-requests")["requests"]

    issued = [tokens["access_token"], tokens["refresh_token"], fresh["access_token"]]
    assert {token["value"] for token in listed["tokens"]} == {*issued}
    assert len(listed["codes"]) == 1
    kinds = ["authorization_code", "refresh_token"]
    assert [request["grant_type"] for request in requests] == kinds


def test_statistics_count_until_they_are_reset(connected):
    for pause in (3, 3, 3, 3, 0):
        connected.get(CONTACTS)
        connected.clock.now += pause

    stats = connected.query("stats")
    connected.command("stats/reset")
    after = connected.query("stats")

    assert stats["by_endpoint"]["hubspot GET /crm/objects/{v}/{type}"] == 5
    assert stats["token_requests"] == {"hubspot:authorization_code": 1}
    assert stats["max_in_10_seconds"]["hubspot:555111:api"] == 4
    assert (after["requests"], after["token_requests"]) == (0, {})


def test_everything_survives_a_restart(start):
    first = start()
    first.fault("status", "list", count=5)
    first.switch("rotation", True)
    tokens = first.connect()
    airtable = AirtableClient(first.app, first.clock)
    known = airtable.connect()
    airtable.switch("rate_limits", False)
    path, _ = airtable.find_table("Orders")
    offset = airtable.api(path).data["offset"]

    second = start()
    second.use(tokens)
    airtable = AirtableClient(second.app, second.clock)
    airtable.use(known)

    assert airtable.api(path, offset=offset).status == 200
    assert second.get(CONTACTS).status == 500
    assert second.query("state")["faults"][0]["remaining"] == 4
    fresh = second.refresh(tokens["refresh_token"]).data
    assert fresh["refresh_token"] != tokens["refresh_token"]
