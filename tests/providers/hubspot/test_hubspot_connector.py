"""HubSpot's lists, schema, account and refusals."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.http.errors import (
    Forbidden,
    InvalidResponse,
    RateLimited,
    Server,
    Unauthorized,
)
from integrations.oauth.errors import ClientRejected, GrantRejected
from integrations.oauth.tokens import read_tokens
from integrations.providers.base import FieldSpec
from integrations.providers.hubspot.objects import CONTACTS, OBJECT_TYPES
from integrations.providers.hubspot.schema import select_properties

LIST = "GET /crm/objects/2026-09/contacts"
DETAILS = "GET /account-info/2026-09/details"
INTROSPECT = "POST /oauth/2026-09/token/introspect"
TOKEN = "POST /oauth/2026-09/token"


def fetch_page(hubspot, cursor=None, **context):
    collection = hubspot.context(**context)
    return hubspot.connector.fetch_page(hubspot.api, collection, cursor=cursor)


def query_of(request):
    return {
        key: value[0] for key, value in parse_qs(urlsplit(request.url).query).items()
    }


def identify(hubspot, token="token"):
    return hubspot.connector.identify(
        read_tokens(hubspot.load(token)),
        oauth=hubspot.oauth,
        api=hubspot.api,
        settings=hubspot.settings,
    )


def test_a_list_names_its_properties_and_asks_for_full_pages(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))

    fetch_page(hubspot, cursor="9000")

    query = query_of(hubspot.transport.requests[0])
    assert query["limit"] == "100"
    assert query["after"] == "9000"
    assert query["associations"] == "companies"
    assert {"email", "hs_object_id", "lastmodifieddate"} <= set(
        query["properties"].split(",")
    )


def test_the_end_is_a_missing_next_and_the_link_is_ignored(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))
    hubspot.transport.on(LIST, hubspot.load("contacts_page_2"))

    assert fetch_page(hubspot).next_cursor == "9003"
    assert fetch_page(hubspot, cursor="9003").next_cursor is None


def test_a_list_that_stands_still_is_an_error(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_stuck"))

    with pytest.raises(InvalidResponse):
        fetch_page(hubspot, cursor="9003")


@pytest.mark.parametrize(
    "paging", [[], {"next": {}}, {"next": "x"}, {"next": {"after": ""}}]
)
def test_a_next_page_without_a_cursor_is_not_the_end(hubspot, paging):
    hubspot.transport.on(LIST, {"results": [], "paging": paging})

    with pytest.raises(InvalidResponse):
        fetch_page(hubspot)


def test_odd_rows_are_counted_and_cost_the_others_nothing(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_odd"))

    page = fetch_page(hubspot)

    assert [item.id for item in page.items] == ["9001", "9002"]
    assert page.unreadable == 4


def test_the_primary_company_is_the_parent_and_each_link_counts_once(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))

    zoe, nameless = fetch_page(hubspot).items

    assert zoe.parent_id == "7002"
    assert zoe.properties["associations.companies"] == ["7001", "7002"]
    assert nameless.parent_id is None
    assert nameless.properties["associations.companies"] == []


def test_links_are_not_asked_for_without_the_scope_to_read_them(hubspot):
    account = {**hubspot.script["account"], "scopes": ["crm.objects.contacts.read"]}
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))

    page = fetch_page(hubspot, account=account)

    assert "associations" not in query_of(hubspot.transport.requests[0])
    assert page.items[0].parent_id is None


def test_links_told_in_part_are_asked_for_in_full(hubspot):
    hubspot.transport.on(
        "GET /crm/objects/2026-09/deals", hubspot.load("deals_page_with_many_contacts")
    )
    hubspot.transport.on(
        "GET /crm/objects/2026-09/deals/5001/associations/contacts",
        hubspot.load("deal_contacts_all"),
    )

    (deal,) = fetch_page(hubspot, remote_id="deals").items

    assert deal.parent_id == "7001"
    assert deal.properties["associations.contacts"] == ["9001", "180000000123"]


def test_a_merged_id_is_gone_with_its_successor_named(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_2"))

    page = fetch_page(hubspot)

    assert page.gone == {
        "9004": "merged:180000000123",
        "9005": "merged:180000000123",
    }


def test_archived_records_are_listed_by_id_only(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_archived"))

    page = hubspot.connector.fetch_gone(hubspot.api, hubspot.context(), cursor=None)

    assert page.gone == {"9020": "archived"}
    assert query_of(hubspot.transport.requests[0])["archived"] == "true"


def test_the_version_of_the_operator_is_in_every_path(hubspot):
    hubspot.transport.on(
        "GET /crm/objects/2026-03/contacts", hubspot.load("contacts_page_2")
    )

    fetch_page(hubspot, version="2026-03")

    assert hubspot.transport.left == []


def test_uninstalling_is_one_call(hubspot):
    hubspot.transport.on(
        "DELETE /appinstalls/2026-09/external-install", b"", status=204
    )

    hubspot.connector.uninstall(hubspot.api, hubspot.settings)

    assert hubspot.transport.left == []


def test_a_thousand_properties_fit_into_an_address_and_the_rest_is_counted(hubspot):
    fields = [FieldSpec(name=f"custom_property_{n}", label="x") for n in range(1000)]

    chosen, left_out = select_properties(fields, CONTACTS)

    assert len(",".join(chosen).replace(",", "%2C")) <= 6000
    assert chosen[:3] == ["firstname", "lastname", "email"]
    assert "lastmodifieddate" in chosen
    custom = [name for name in chosen if name.startswith("custom")]
    assert len(custom) + left_out == 1000


def test_hidden_properties_are_not_asked_for_and_calculated_ones_come_last(hubspot):
    fields = [
        FieldSpec(name="score", label="Score", is_read_only=True),
        FieldSpec(name="secret", label="Secret", is_hidden=True),
        FieldSpec(name="with,comma", label="Odd"),
        FieldSpec(name="mood", label="Mood"),
    ]

    chosen, left_out = select_properties(fields, CONTACTS)

    assert chosen[-2:] == ["mood", "score"]
    assert "secret" not in chosen
    assert left_out == 1


def test_the_full_address_of_a_list_stays_below_eight_kilobytes(hubspot):
    fields = [FieldSpec(name=f"custom_property_{n}", label="x") for n in range(1000)]
    chosen, _ = select_properties(fields, CONTACTS)
    hubspot.transport.on(LIST, hubspot.load("contacts_page_2"))

    fetch_page(hubspot, cursor="x" * 1000, schema={"requested": chosen})

    assert len(hubspot.transport.requests[0].url) < 8192


def test_each_type_asks_for_its_own_modified_property():
    modified = {kind.remote_id: kind.modified for kind in OBJECT_TYPES.values()}

    assert modified == {
        "contacts": "lastmodifieddate",
        "companies": "hs_lastmodifieddate",
        "deals": "hs_lastmodifieddate",
    }


def test_a_deals_schema_names_pipelines_stages_and_owners(hubspot):
    hubspot.play(
        {
            "GET /crm/properties/2026-09/deals": ["properties_deals"],
            "GET /crm/pipelines/2026-09/deals": ["pipelines_deals"],
            "GET /crm/owners/2026-09": ["owners_archived", "owners"],
        }
    )

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(remote_id="deals")
    )

    assert schema["lookups"] == {
        "pipeline": {"default": "Sales Pipeline"},
        "stage": {
            "appointmentscheduled": "Appointment Scheduled",
            "98811": "Closed won",
        },
        "owner": {
            "39": "Bo (deactivated)",
            "41": "Ana Marín",
            "42": "queue@example.com",
        },
    }
    assert schema["truncated_properties"] == 0


def test_without_permission_owners_have_no_names_and_nothing_else_is_lost(hubspot):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    hubspot.transport.on(
        "GET /crm/owners/2026-09", hubspot.load("error_missing_scopes"), status=403
    )

    schema = hubspot.connector.fetch_schema(hubspot.api, hubspot.context())

    assert schema["lookups"] == {"owner": {}}
    assert schema["fields"][0]["name"] == "firstname"


def test_owners_are_not_asked_for_without_their_scope(hubspot):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    account = {**hubspot.script["account"], "scopes": ["crm.objects.contacts.read"]}

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(account=account)
    )

    assert schema["lookups"] == {}


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


def test_people_of_one_portal_share_its_limit(hubspot):
    ana = hubspot.connector.limits("555111:4242", hubspot.settings)
    bo = hubspot.connector.limits("555111:4243", hubspot.settings)

    assert ana == bo
    assert ana[0].limit <= 110
    assert ana[0].seconds >= 10


def test_a_missing_scope_is_named(hubspot):
    hubspot.transport.on(LIST, hubspot.load("error_missing_scopes"), status=403)

    with pytest.raises(Forbidden) as caught:
        fetch_page(hubspot)

    assert caught.value.missing_scopes == ("crm.objects.companies.read",)
    assert caught.value.code == "MISSING_SCOPES"


@pytest.mark.parametrize(
    ("name", "wait"),
    [
        ("error_rate_limit", 10.0),
        ("error_rate_limit_search", 1.0),
        ("error_rate_limit_daily", 900.0),
    ],
)
def test_each_rate_limit_says_how_long_it_lasts(hubspot, name, wait):
    hubspot.transport.on(LIST, hubspot.load(name), status=429)

    with pytest.raises(RateLimited) as caught:
        fetch_page(hubspot)

    assert caught.value.retry_after == wait
    assert hubspot.limiter.closed == {"hubspot:cid:555111": wait}


def test_an_account_in_another_data_centre_is_a_passing_trouble(hubspot):
    for _ in range(2):
        hubspot.transport.on(LIST, hubspot.load("error_wrong_hublet"), status=404)

    with pytest.raises(Server):
        fetch_page(hubspot)


@pytest.mark.parametrize("status", [423, 477, 502])
def test_a_locked_or_moving_account_is_asked_again_later(hubspot, status):
    for _ in range(2):
        hubspot.transport.on(LIST, {"status": "error", "message": "x"}, status=status)

    with pytest.raises(Server):
        fetch_page(hubspot)


def test_an_expired_token_is_unauthorized(hubspot):
    hubspot.transport.on(LIST, hubspot.load("error_expired_token"), status=401)

    with pytest.raises(Unauthorized):
        fetch_page(hubspot)


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
    assert query["scope"] == (
        "oauth crm.objects.contacts.read crm.objects.contacts.write"
    )
    assert query["optional_scope"].split() == list(spec.optional_scopes())
    assert "code_challenge" not in query
    assert "+" not in urlsplit(url).query


def test_a_schema_is_bounded(hubspot):
    entry = {"name": "x", "label": "X" * 999, "options": [{"value": "v", "label": "L"}]}
    many = [{**entry, "name": f"p{n}"} for n in range(4000)]
    hubspot.transport.on("GET /crm/properties/2026-09/contacts", {"results": many})
    account = {**hubspot.script["account"], "scopes": []}

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(account=account)
    )

    assert len(schema["fields"]) == 3000
    assert len(json.dumps(schema)) < 2_000_000
