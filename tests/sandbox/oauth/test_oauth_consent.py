"""Check that consent is as strict as at each provider."""

from urllib.parse import urlencode

import pytest

from sandbox.hubspot.seed.accounts import OPTIONAL_SCOPES, REQUIRED_SCOPES
from tests.sandbox.airtable.airtable_client import (
    CHALLENGE,
    IDA,
    SCOPES,
    AirtableClient,
)
from tests.sandbox.notion_client import INES, LANTERN, NOUR, TOMASZ, NotionClient
from tests.sandbox.wsgi_client import Client

KESTREL, FJORD, CLEO = "2081774:61", "9907316:88120", "555111:4244"
OFFERED = {
    "hubspot": ("555111:", "146201883:", "2081774:", "9907316:"),
    "airtable": ("harbour:usr", "nordlicht:usr", "kestrel:usr"),
    "notion": (f"{LANTERN}:{INES}", f"{LANTERN}:{TOMASZ}", f":{NOUR}"),
}
# Each mistake with the error that is sent back; without one there is a page.
MISTAKES = [
    (Client, {"scope": "oauth"}, ""),
    (Client, {"scope": f"{REQUIRED_SCOPES} crm.objects.deals.read"}, ""),
    (Client, {"optional_scope": "crm.objects.quotes.read"}, ""),
    (Client, {"code_challenge": "x", "code_challenge_method": "S512"}, ""),
    (AirtableClient, {"response_type": "token"}, "unsupported_response_type"),
    (AirtableClient, {"state": "fifteen-letters"}, "invalid_request"),
    (AirtableClient, {"state": "a" * 1025}, "invalid_request"),
    (AirtableClient, {"state": "sixteen letters!"}, "invalid_request"),
    (AirtableClient, {"state": ""}, "invalid_request"),
    (AirtableClient, {"code_challenge": ""}, "invalid_request"),
    (AirtableClient, {"code_challenge": CHALLENGE + "="}, "invalid_request"),
    (AirtableClient, {"code_challenge_method": "plain"}, "invalid_request"),
    (AirtableClient, {"code_challenge_method": ""}, "invalid_request"),
    (AirtableClient, {"scope": ""}, "invalid_scope"),
    (AirtableClient, {"scope": f"{SCOPES} user.email:read"}, "invalid_scope"),
    (AirtableClient, {"scope": "data.records:write"}, "invalid_scope"),
    (NotionClient, {"owner": ""}, "invalid_request"),
    (NotionClient, {"response_type": "token"}, "invalid_request"),
]


def test_the_page_shows_every_account_and_says_that_it_is_simulated(flow):
    page = flow.get(flow.authorize, **flow.authorization)

    assert page.status == 200
    name = flow.sandbox.providers[flow.slug].name
    for shown in (f"Sandbox — simulated {name}", *OFFERED[flow.slug]):
        assert shown in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_person_comes_back_with_the_state_and_a_code_unless_cancelled(flow):
    given, cancelled = flow.consent(), flow.consent(action="cancel")

    state, callback = (flow.authorization[name] for name in ("state", "redirect_uri"))
    for answer in (given, cancelled):
        assert (answer.status, answer.query["state"]) == (302, state)
        assert answer.headers["Location"].startswith(f"{callback}?")
    assert given.query["code"]
    assert cancelled.query["error"] == "access_denied"
    assert "code" not in cancelled.query


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
@pytest.mark.parametrize("value", ["", "somebody-else", "https://evil.example/", "{}/"])
def test_a_request_from_elsewhere_gets_a_page_and_no_redirect(flow, name, value):
    changes = {name: value.format(flow.authorization[name])}

    shown = flow.get(flow.authorize, **{**flow.authorization, **changes})

    for answer in (shown, flow.consent(**changes)):
        assert answer.status == 400
        assert "Location" not in answer.headers


@pytest.mark.parametrize(("kind", "changes", "error"), MISTAKES)
def test_a_mistake_is_told_where_the_provider_tells_it(client, kind, changes, error):
    flow = kind(client.app, client.clock)
    asked = {**flow.authorization, **changes}

    for answer in (flow.get(flow.authorize, **asked), flow.consent(**changes)):
        assert answer.status == (302 if error else 400)
        assert ("Location" in answer.headers) is bool(error)
        if error:
            told = answer.query["error"], answer.query.get("state", "")
            assert told == (error, asked["state"])


@pytest.mark.parametrize("identity", ["{}:1", "nobody", ":"])
def test_an_unknown_person_gets_a_page(flow, identity):
    account = flow.identity.partition(":")[0]

    assert flow.consent(identity.format(account)).status == 400


def test_the_page_escapes_what_the_request_and_the_data_say(client, airtable):
    name = '"><script>x</script>'
    airtable.command("bases/rename", base="Operations", name=name)

    for page in (
        client.get(client.authorize, **{**client.authorization, "state": name}),
        airtable.get(airtable.authorize, **airtable.authorization),
    ):
        assert "<script>" not in page.text
        assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("identity", [FJORD, CLEO])
def test_hubspot_sends_back_who_is_no_administrator(client, identity):
    refused = client.consent(identity).query

    assert refused["error"] == "access_denied"
    assert "permission" in refused["error_description"]


def test_optional_scopes_outside_the_tier_are_dropped_silently(client):
    large, small = client.connect(), client.connect(KESTREL)

    required = set(REQUIRED_SCOPES.split())
    assert set(large["scopes"]) == required | {*OPTIONAL_SCOPES.split()}
    kept = {"crm.objects.contacts.write", "crm.objects.owners.read"}
    assert set(small["scopes"]) == required | kept


def test_airtable_sends_the_challenge_back_and_takes_nothing_twice(airtable):
    url = f"{airtable.authorize}?{urlencode(airtable.authorization)}"
    again = airtable.get(f"{url}&scope=webhook%3Amanage")
    clients = airtable.get(f"{url}&client_id=sandbox-airtable")

    answer = airtable.consent().query

    sent = answer["code_challenge"], answer["code_challenge_method"]
    assert sent == (CHALLENGE, "S256")
    assert again.query["error"] == "invalid_request"
    assert clients.status == 400


def test_airtable_wants_something_of_the_persons_account_to_be_chosen(airtable):
    page = airtable.get(airtable.authorize, **airtable.authorization).text

    answer = airtable.consent(picked=())
    airtable.connect(IDA)

    assert [page.count(f'name="use:{kind}') for kind in ("app", "wsp")] == [7, 4]
    assert answer.status == 400
    assert "Choose at least one base" in answer.text
    assert answer.text.count(" checked") == 1
    # Those of other accounts are not granted.
    assert airtable.api("/meta/bases").data == {"bases": []}


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_a_switch_sends_any_other_error_back(flow, error):
    flow.switch("authorize_error", error)

    answer = flow.get(flow.authorize, **flow.authorization)

    if flow.slug == "hubspot":
        assert answer.status == 400
    else:
        assert answer.query["error"] == error


def test_withdrawn_scopes_can_no_longer_be_asked_for(airtable):
    code = airtable.consent().query["code"]
    airtable.switch("withdrawn_scopes", ["user.email:read"])

    answer = airtable.get(airtable.authorize, **airtable.authorization)

    assert answer.query["error"] == "invalid_scope"
    assert airtable.exchange(code).data["error"] == "invalid_grant"


def test_the_picker_lists_only_what_the_person_has_full_access_to(notion):
    private = notion.find("Home of Tomasz")["id"]

    assert private not in notion.picker(INES)
    assert private in notion.picker(TOMASZ)
    assert notion.consent(picked=[private]).status == 400
    assert notion.consent(grant_owner="nobody").status == 400


def test_only_an_exchanged_code_shares_what_a_second_visit_shows_ticked(notion):
    handbook, projects = notion.id("Team handbook"), notion.id("Projects")
    notion.consent()
    assert notion.query("inventory")["grant"] is None
    notion.connect(picked=[handbook])
    before = notion.show(projects).status
    ticked = [page for page, is_ticked in notion.picker().items() if is_ticked]

    notion.connect(picked=[*ticked, projects])

    assert ticked == [handbook]
    assert (before, notion.show(projects).status) == (404, 200)
