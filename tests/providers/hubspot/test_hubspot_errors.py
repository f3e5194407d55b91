"""HubSpot's refusals become errors that say what to do."""

import pytest

from integrations.http.errors import Forbidden, RateLimited, Server, Unauthorized

LIST = "GET /crm/objects/2026-09/contacts"


def fetch_page(hubspot, cursor=None, **context):
    collection = hubspot.context(**context)
    return hubspot.connector.fetch_page(hubspot.api, collection, cursor=cursor)


def test_a_missing_scope_is_named(hubspot):
    hubspot.transport.on(
        "GET /crm/objects/2026-09/companies",
        hubspot.load("error_missing_scopes"),
        status=403,
    )

    with pytest.raises(Forbidden) as caught:
        fetch_page(hubspot, remote_id="companies")

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
    assert hubspot.limiter.blocked == {"hubspot:cid:555111": wait}


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
