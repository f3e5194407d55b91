"""Check the control page and what it tells tests."""

import hashlib

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"
DETAILS = "/hubspot/account-info/2026-09/details"


def test_the_page_shows_fingerprints_and_never_a_token(connected):
    page = connected.get("/control/hubspot")
    tokens = connected.ask("tokens")["tokens"]

    assert page.status == 200
    for token in tokens:
        assert token["fingerprint"] in page.text
        assert token["value"] not in page.text


def test_a_form_carries_out_an_order_and_goes_back_to_the_page(connected):
    form = {"provider": "hubspot", "type": "contacts", "count": "3", "offset": "0"}

    answer = connected.call("POST", "/control/do/records/touch", form=form)

    assert answer.status == 303
    assert answer.headers["Location"].startswith("/control/hubspot?done=touched+3")


def test_a_form_that_fails_says_why(connected):
    form = {"type": "contacts", "id": "1"}

    answer = connected.call("POST", "/control/do/records/archive", form=form)

    assert answer.headers["Location"].startswith("/control/?failed=no+such")


def test_orders_from_other_sites_are_refused(connected):
    headers = {"Origin": "https://evil.example"}

    answer = connected.call("POST", "/control/api/calm", body={}, headers=headers)

    assert answer.status == 403


def test_touching_changes_many_records_at_one_moment(connected):
    touched = connected.order("records/touch", count=150, offset=10)

    page = connected.get(CONTACTS, after=touched["ids"][0], limit=100).data["results"]

    assert touched["touched"] == 150
    assert len({item["updatedAt"] for item in page}) == 1


def test_the_inventory_digests_what_the_api_lists(connected):
    url, after, ids = "/hubspot/crm/objects/2026-09/deals", "", []
    while True:
        page = connected.get(url, limit=100, after=after).data
        ids += [item["id"] for item in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]

    found = connected.ask("inventory", provider="hubspot", portal="555111")

    assert found["types"]["deals"]["live"] == len(ids) == 40
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    assert found["types"]["deals"]["ids"] == digest


def test_the_inventory_notices_every_kind_of_change(connected):
    def digest():
        return connected.ask("inventory")["types"]["contacts"]["content"]

    contact = connected.get(CONTACTS, limit=1).data["results"][0]["id"]
    seen = [digest()]
    for name, order in (
        ("edit", {"id": contact, "properties": {"city": "Bonn"}}),
        ("archive", {"id": contact}),
        ("create", {"properties": {"email": "a@b.example"}}),
    ):
        connected.clock.now += 1
        connected.order(f"records/{name}", **order)
        seen.append(digest())
    connected.order("records/restore", id=contact)

    assert len(set(seen)) == 4
    assert connected.get(f"{CONTACTS}/{contact}").status == 200


def test_expiring_tokens_spares_other_portals(client):
    client.connect("2081774:61")
    other = dict(client.headers)
    client.connect()

    expired = client.order("tokens/expire", portal="555111")

    assert expired == {"expired": 1}
    assert client.get(DETAILS).data["category"] == "EXPIRED_AUTHENTICATION"
    client.headers = other
    assert client.get(DETAILS).status == 200


def test_one_token_can_be_expired_by_its_fingerprint(client):
    client.connect()
    tokens = client.connect()
    fingerprint = hashlib.sha256(tokens["access_token"].encode()).hexdigest()[:12]

    assert client.order("tokens/expire", fingerprint=fingerprint) == {"expired": 1}
    assert client.get(DETAILS).status == 401


def test_revoking_a_grant_ends_both_kinds_of_token(client):
    tokens = client.connect()

    client.order("grants/revoke", portal="555111")

    assert client.get(DETAILS).status == 401
    assert client.refresh(tokens["refresh_token"]).data["status"] == "BAD_REFRESH_TOKEN"


def test_revoking_can_leave_access_tokens_alone(client):
    tokens = client.connect()

    client.order("grants/revoke", keep_access=True)

    assert client.get(DETAILS).status == 200
    assert client.refresh(tokens["refresh_token"]).status == 400


def test_every_token_and_code_ever_issued_is_listed(client):
    tokens = client.connect()
    fresh = client.refresh(tokens["refresh_token"]).data

    listed = client.ask("tokens")

    values = {token["value"] for token in listed["tokens"]}
    expected = {tokens["access_token"], tokens["refresh_token"], fresh["access_token"]}
    assert values == expected
    assert len(listed["codes"]) == 1


def test_statistics_count_requests_and_the_busiest_ten_seconds(connected):
    for _ in range(4):
        connected.get(CONTACTS)
        connected.clock.now += 3
    connected.get(CONTACTS)

    stats = connected.ask("stats")

    assert stats["by_endpoint"]["hubspot GET /crm/objects/{v}/{type}"] == 5
    assert stats["token_requests"] == {"hubspot:authorization_code": 1}
    assert stats["max_in_10_seconds"]["hubspot:555111:api"] == 4
    assert stats["by_account"]["hubspot:555111"] >= 5


def test_statistics_start_again_when_reset(connected):
    connected.get(CONTACTS)

    connected.order("stats/reset")

    stats = connected.ask("stats")
    assert stats["requests"] == 0
    assert stats["token_requests"] == {}


def test_unknown_addresses_are_not_simulated(client):
    assert client.get("/nowhere").status == 404
    assert client.get("/hubspot/crm/2026-09/objects/contacts").status == 404
    assert client.get("/control/api/nothing").status == 404
