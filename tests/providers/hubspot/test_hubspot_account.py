"""Whose grant it is, and whose fault a refused one is."""

from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.http.errors import (
    InvalidResponse,
    Network,
    RateLimited,
    Unauthorized,
)
from integrations.oauth.errors import ClientRejected, GrantRejected
from integrations.oauth.tokens import read_tokens
from tests.providers.scenario import FreeLimiter

DETAILS = "GET /account-info/2026-09/details"
INTROSPECT = "POST /oauth/2026-09/token/introspect"
TOKEN = "POST /oauth/2026-09/token"


class ClosedLimiter(FreeLimiter):
    """Grant nothing, as after a 429."""

    def acquire(self, limits):
        """Refuse."""
        raise RateLimited("our own limit is used up", retry_after=9.0, bucket="hubspot")


def identify(hubspot, token="token"):
    return hubspot.connector.identify(hubspot.grant(read_tokens(hubspot.load(token))))


def test_a_missing_person_is_asked_for_by_introspection(hubspot):
    hubspot.play({INTROSPECT: ["introspection"], DETAILS: ["account_details"]})

    account = identify(hubspot, token="token_without_user")

    assert account.remote_id == "555111:4242"
    assert account.name == "Example Trading"
    assert account.details["user_email"] == "ana@example.com"
    assert "/oauth/2026-09/token/introspect" in hubspot.transport.requests[0].url
    assert b"na1-AAAA-example" in (hubspot.transport.requests[0].body or b"")


def test_no_token_ever_stands_in_an_address(hubspot):
    hubspot.play({INTROSPECT: ["introspection"], DETAILS: ["account_details"]})

    identify(hubspot)

    assert all("AAAA" not in request.url for request in hubspot.transport.requests)


def test_a_grant_of_nobody_known_is_refused(hubspot):
    hubspot.play({INTROSPECT: ["introspection_inactive"]})

    with pytest.raises(InvalidResponse):
        identify(hubspot, token="token_without_user")


def test_introspection_that_fails_does_not_matter_when_all_is_known(hubspot):
    hubspot.transport.on(INTROSPECT, {}, status=500)
    hubspot.play({DETAILS: ["account_details"]})

    assert identify(hubspot).remote_id == "555111:4242"


def test_two_portals_for_one_token_are_refused(hubspot):
    about = {**hubspot.load("introspection"), "hub_id": 1}
    hubspot.transport.on(INTROSPECT, about)

    with pytest.raises(InvalidResponse):
        identify(hubspot)


def test_withheld_details_fall_back_to_the_general_domain(hubspot):
    hubspot.play({INTROSPECT: ["introspection"]})
    hubspot.transport.on(DETAILS, hubspot.load("error_missing_scopes"), status=403)

    account = identify(hubspot)

    assert account.name == "example.com"
    assert account.details["ui_domain"] == "app.hubspot.com"


@pytest.mark.parametrize("status", [404, 429, 477, 500, 503])
def test_an_account_without_details_for_now_is_known_all_the_same(hubspot, status):
    hubspot.play({INTROSPECT: ["introspection"]})
    for _ in range(2):
        hubspot.transport.on(DETAILS, {}, status=status)

    account = identify(hubspot)

    assert account.remote_id == "555111:4242"
    assert account.name == "example.com"
    assert account.details["ui_domain"] == "app.hubspot.com"
    assert account.details["time_zone"] == ""


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b"{}", b'{"portalId":[]}'])
def test_details_that_make_no_sense_are_done_without(hubspot, body):
    hubspot.play({INTROSPECT: ["introspection_inactive"]})
    hubspot.transport.on(DETAILS, body)

    assert identify(hubspot).name == "HubSpot 555111"


def test_a_connection_that_is_cut_while_asking_for_details_is_not_the_grants_end(
    hubspot,
):
    hubspot.play({INTROSPECT: ["introspection"]})
    for _ in range(2):
        hubspot.transport.on(DETAILS, Network("reset"))

    assert identify(hubspot).remote_id == "555111:4242"


def test_a_closed_gate_of_our_own_costs_the_details_only(hubspot):
    hubspot.play({INTROSPECT: ["introspection"]})
    hubspot.api.limiter = ClosedLimiter()

    assert identify(hubspot).name == "example.com"


def test_a_token_that_is_refused_at_once_is_an_error(hubspot):
    hubspot.play({INTROSPECT: ["introspection"]})
    hubspot.transport.on(DETAILS, hubspot.load("error_expired_token"), status=401)

    with pytest.raises(Unauthorized):
        identify(hubspot)


@pytest.mark.parametrize(
    "failure", [Network("reset"), Network("refused", sent=False), 503, b"<html>"]
)
def test_a_needed_introspection_is_tried_once_more(hubspot, failure):
    if isinstance(failure, int):
        hubspot.transport.on(INTROSPECT, {}, status=failure)
    else:
        hubspot.transport.on(INTROSPECT, failure)
    hubspot.play({INTROSPECT: ["introspection"], DETAILS: ["account_details"]})

    account = identify(hubspot, token="token_without_user")

    assert account.remote_id == "555111:4242"


def test_a_needed_introspection_is_not_tried_for_ever(hubspot):
    for _ in range(2):
        hubspot.transport.on(INTROSPECT, {}, status=503)

    with pytest.raises(InvalidResponse):
        identify(hubspot, token="token_without_user")


@pytest.mark.parametrize("status", [400, 429])
def test_a_refused_introspection_is_not_repeated(hubspot, status):
    hubspot.transport.on(INTROSPECT, {"error": "invalid_client"}, status=status)

    with pytest.raises(InvalidResponse):
        identify(hubspot, token="token_without_user")


@pytest.mark.parametrize("domain", ["evil.example", "app.hubspot.com.evil.example", 7])
def test_a_domain_that_is_not_hubspots_is_never_kept(hubspot, domain):
    details = {**hubspot.load("account_details"), "uiDomain": domain}
    hubspot.play({INTROSPECT: ["introspection_inactive"]})
    hubspot.transport.on(DETAILS, details)

    assert identify(hubspot).details["ui_domain"] == "app.hubspot.com"


def test_details_of_another_portal_are_not_ours(hubspot):
    details = {**hubspot.load("account_details"), "portalId": 1}
    hubspot.play({INTROSPECT: ["introspection_inactive"]})
    hubspot.transport.on(DETAILS, details)

    assert identify(hubspot).name == "HubSpot 555111"


def test_the_first_call_counts_against_the_portals_limit(hubspot):
    hubspot.play({INTROSPECT: ["introspection"], DETAILS: ["account_details"]})

    identify(hubspot)

    assert hubspot.limiter.asked == [("hubspot:cid:555111",)]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("error_refresh_token", GrantRejected),
        ("error_hub", GrantRejected),
        ("error_client_secret", ClientRejected),
    ],
)
def test_a_refused_token_call_says_whose_fault_it_is(hubspot, name, error):
    hubspot.transport.on(TOKEN, hubspot.load(name), status=400)

    with pytest.raises(error):
        hubspot.oauth.refresh(read_tokens(hubspot.load("token")).access_token)


def test_the_authorization_request_separates_required_and_optional_scopes(hubspot):
    spec = hubspot.connector.spec

    url = hubspot.oauth.config.authorization_url(
        state="s" * 40,
        scopes=spec.required_scopes(),
        optional_scopes=spec.optional_scopes(),
    )

    query = {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("https://app.hubspot.com/oauth/authorize?")
    assert query["response_type"] == "code"
    assert query["scope"] == "oauth crm.objects.contacts.read"
    assert query["optional_scope"].split() == list(spec.optional_scopes())
    assert "code_challenge" not in query
    assert "+" not in urlsplit(url).query
