"""Check that consent is as strict as at each provider."""

from urllib.parse import urlencode

import pytest

from tests.sandbox.airtable.airtable_client import (
    CHALLENGE,
    IDA,
    SCOPES,
    AirtableClient,
)
from tests.sandbox.notion_client import INES, LANTERN, NOUR, TOMASZ, NotionClient
from tests.sandbox.wsgi_client import OPTIONAL, REQUIRED, Client

KESTREL, FJORD, CLEO = "2081774:61", "9907316:88120", "555111:4244"
OFFERED = {
    "hubspot": ("555111:", "146201883:", "2081774:", "9907316:"),
    "airtable": ("harbour:usr", "nordlicht:usr", "kestrel:usr"),
    "notion": (f"{LANTERN}:{INES}", f"{LANTERN}:{TOMASZ}", f":{NOUR}"),
}
# Each mistake with the error that is sent back; without one there is a page.
MISTAKES = [
    (Client, {"scope": "oauth"}, ""),
    (Client, {"scope": f"{REQUIRED} crm.objects.deals.read"}, ""),
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
    assert f"Sandbox — simulated {name}" in page.text
    for offered in OFFERED[flow.slug]:
        assert offered in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_consent_sends_the_person_back_with_a_code_and_the_state(flow):
    answer = flow.consent()

    assert answer.status == 302
    callback = flow.authorization["redirect_uri"]
    assert answer.headers["Location"].startswith(f"{callback}?")
    assert answer.query.pop("code")
    assert answer.query["state"] == flow.authorization["state"]


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
    shown = flow.get(flow.authorize, **{**flow.authorization, **changes})

    for answer in (shown, flow.consent(**changes)):
        if error:
            assert answer.status == 302
            assert answer.query["error"] == error
            state = changes.get("state", flow.authorization["state"])
            assert answer.query.get("state", "") == state
        else:
            assert answer.status == 400
            assert "Location" not in answer.headers


def test_cancelling_sends_the_person_back_without_a_code(flow):
    answer = flow.consent(action="cancel")

    assert answer.query["error"] == "access_denied"
    assert answer.query["state"] == flow.authorization["state"]
    assert "code" not in answer.query


@pytest.mark.parametrize("identity", ["{}:1", "nobody", ":"])
def test_an_unknown_person_gets_a_page(flow, identity):
    account = flow.identity.partition(":")[0]

    assert flow.consent(identity.format(account)).status == 400


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_a_switch_sends_any_other_error_back(flow, error):
    flow.switch("authorize_error", error)

    answer = flow.get(flow.authorize, **flow.authorization)

    if flow.slug == "hubspot":
        assert answer.status == 400
    else:
        assert answer.query["error"] == error


def test_the_page_escapes_what_the_request_and_the_data_say(client, airtable):
    name = '"><script>x</script>'
    airtable.order("bases/rename", base="Operations", name=name)

    for page in (
        client.get(client.authorize, **{**client.authorization, "state": name}),
        airtable.get(airtable.authorize, **airtable.authorization),
    ):
        assert "<script>" not in page.text
        assert "&lt;script&gt;" in page.text


def test_an_address_with_a_portal_offers_that_portal_only(client):
    url = "/hubspot/oauth/{}/authorize"
    page = client.get(url.format("146201883"), **client.authorization)

    assert 'value="146201883:' in page.text
    assert 'value="555111:' not in page.text
    assert client.get(url.format("1"), **client.authorization).status == 400


@pytest.mark.parametrize("identity", [FJORD, CLEO])
def test_somebody_who_is_no_administrator_is_sent_back(client, identity):
    answer = client.consent(identity)

    assert answer.query["error"] == "access_denied"
    assert "permission" in answer.query["error_description"]


def test_optional_scopes_outside_the_tier_are_dropped_silently(client):
    large, small = client.connect(), client.connect(KESTREL)

    assert set(large["scopes"]) == {*REQUIRED.split(), *OPTIONAL.split()}
    assert set(small["scopes"]) == {*REQUIRED.split(), "crm.objects.owners.read"}


def test_airtable_sends_the_challenge_back_and_takes_nothing_twice(airtable):
    fields = [*airtable.authorization.items()]
    twice = urlencode([*fields, ("scope", "webhook:manage")])
    clients = urlencode([*fields, ("client_id", "sandbox-airtable")])

    answer = airtable.consent()

    assert answer.query["code_challenge"] == CHALLENGE
    assert answer.query["code_challenge_method"] == "S256"
    again = airtable.get(f"{airtable.authorize}?{twice}")
    assert again.query["error"] == "invalid_request"
    assert airtable.get(f"{airtable.authorize}?{clients}").status == 400


def test_airtable_wants_something_to_be_chosen(airtable):
    page = airtable.get(airtable.authorize, **airtable.authorization).text

    answer = airtable.consent(resources=())

    assert page.count('name="use:app') == 7
    assert page.count('name="use:wsp') == 4
    assert answer.status == 400
    assert "Choose at least one base" in answer.text
    assert answer.text.count(" checked") == 1


def test_bases_of_other_accounts_are_not_granted(airtable):
    airtable.connect(IDA)

    assert airtable.api("/meta/bases").data == {"bases": []}


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
    assert notion.consent(pages=[private]).status == 400
    assert notion.consent(grant_owner="nobody").status == 400


def test_a_code_that_is_never_exchanged_grants_nothing(notion):
    notion.consent()

    assert notion.ask("inventory")["grant"] is None


def test_the_picker_of_a_second_visit_shows_what_is_shared(notion):
    handbook = notion.find("Team handbook")["id"]
    notion.connect(pages=[handbook])

    ticked = [page for page, is_ticked in notion.picker().items() if is_ticked]

    assert ticked == [handbook]
