"""Check the rate limits and how they are told."""

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"


def test_a_portal_gets_a_hundred_and_ten_calls_in_any_ten_seconds(connected):
    statuses = {connected.get(CONTACTS, limit=1).status for _ in range(110)}
    refused = connected.get(CONTACTS, limit=1)
    connected.clock.now += 10

    assert (statuses, refused.status) == ({200}, 429)
    told = {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}
    assert refused.data.items() >= told.items()
    assert "Retry-After" not in refused.headers
    assert refused.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert connected.get(CONTACTS, limit=1).status == 200


def test_search_has_its_own_limit_and_no_limit_headers(connected):
    answers = [connected.post(f"{CONTACTS}/search", {}) for _ in range(6)]

    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[5].data["policyName"] == "SECONDLY"
    assert "X-HubSpot-RateLimit-Max" not in answers[0].headers
    assert connected.get(CONTACTS).headers["X-HubSpot-RateLimit-Remaining"] == "109"


def test_portals_do_not_share_their_limits_and_switches_tell_and_lift_them(connected):
    connected.switch_all(calls_per_ten_seconds=1, retry_after_on_429=True)
    tokens = connected.connect()
    connected.get(CONTACTS)

    refused = connected.get(CONTACTS)
    connected.connect("2081774:61")
    elsewhere = connected.get(CONTACTS)
    connected.order("switches/set", name="rate_limits", value=False, portal="555111")
    connected.use(tokens)

    assert (refused.status, refused.headers["Retry-After"]) == (429, "10")
    assert (elsewhere.status, connected.get(CONTACTS).status) == (200, 200)
