"""What a proxy, a firewall or a portal answers is no verdict of the provider's.

Each status is answered with each foreign body for each provider, and asserted is what
is decided: the code, and whether the sync is tried again by itself.
"""

import json
import logging
from typing import Any
from urllib.parse import urlsplit

import pytest

from integrations.http.errors import ApiError, Transient
from integrations.http.secrets import Secret
from integrations.models import (
    Collection,
    Connection,
    Credential,
    Item,
    ProviderState,
)
from integrations.models.reasons import PASSING, ReasonCode
from integrations.oauth.errors import OAuthError
from integrations.providers import CONNECTORS
from integrations.services.sync import failures
from tests.providers.scenario import Scenario
from tests.services.fixtures import FinishSync
from tests.services.grants.working import refresh_now, wait_out
from tests.services.hubspot_account import assert_equal_to

JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = b"<!doctype html><title>Sign in</title><p>Access to the network is restricted."
STATUSES = (400, 401, 403, 404, 405, 407, 410, 418, 422, 429, 451)
REDIRECTS = (302, 307)
# What is asked for: each time something else, which has an answer of its own.
ASKED = {
    "airtable": "/appAsked/tbl{}",
    "hubspot": "/crm/objects/2026-09/contacts/{}",
    "notion": "/pages/{}",
}
OWN = {
    "hubspot": (
        (401, "error_expired_token", "token_refused"),
        (403, "error_missing_scopes", "no_permission"),
        (404, "error_not_found", "not_found"),
        (429, "error_rate_limit", "rate_limited"),
        (429, "error_rate_limit_daily", "quota_exhausted"),
        (429, "error_rate_limit_search", "rate_limited"),
        (421, "error_wrong_hublet", "provider_down"),
    ),
    "airtable": (
        (401, "error_authentication", "token_refused"),
        (403, "error_not_shared", "no_permission"),
        (403, "error_permissions", "no_permission"),
        (404, "error_not_found", "not_found"),
        (404, "error_model_not_found", "not_found"),
        (422, "error_formula", "request_refused"),
        (429, "error_rate_limit", "rate_limited"),
        (429, "error_rate_limit_list", "rate_limited"),
        (429, "error_quota", "quota_exhausted"),
    ),
    "notion": (
        (401, "error_unauthorized", "token_refused"),
        (403, "error_restricted", "no_permission"),
        (404, "error_not_found", "not_found"),
        (400, "error_cursor", "request_refused"),
        (409, "error_conflict", "provider_down"),
        (429, "error_rate_limited", "rate_limited"),
        (429, "error_blocked", "no_permission"),
    ),
}
VERDICTS = [(slug, *each) for slug, several in sorted(OWN.items()) for each in several]


def foreign(own: bytes) -> list[tuple[bytes, dict[str, str]]]:
    """Return answers that are not the provider's, some made of one that is."""
    strangers: tuple[Any, ...] = (
        {},
        [],
        "Forbidden",
        {"message": "Forbidden"},
        {"error": "Forbidden"},
        {"error": {"code": 403, "message": "Forbidden"}},
        {"errors": ["Forbidden"]},
        {"status": 403, "error": "Unauthorized", "path": "/", "timestamp": "2026"},
        {"type": "about:blank", "title": "Forbidden", "status": 403},
        {"object": "list", "code": None, "results": []},
        {"category": "ads", "message": ""},
    )
    return [
        (b"", {}),
        (PAGE, HTML),
        (PAGE, {}),
        (PAGE, JSON),
        (b"Access denied.", {"Content-Type": "text/plain"}),
        (own, HTML),
        (own[: len(own) // 2], JSON),
        (b"\xff" + own, JSON),
        *((json.dumps(each).encode(), JSON) for each in strangers),
    ]


def decided(scenario: Scenario, status: int, body: Any, headers: Any) -> str:
    """Return the code that a sync stores for an answer."""
    asked = ASKED[scenario.slug].format(len(scenario.transport.requests))
    base = urlsplit(scenario.settings.api_url).path
    for _ in range(2):
        answer = {"status": status, "headers": headers}
        scenario.transport.on(f"GET {base}{asked}", body, **answer)
    with pytest.raises(ApiError) as caught:
        scenario.api.get(asked)
    assert caught.value.status == status
    return failures.reason_of(caught.value).code.value


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep thousands of refused calls from being told one by one."""
    caplog.set_level(logging.WARNING, logger="integrations")


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("slug", sorted(OWN))
def test_no_foreign_answer_is_a_verdict(slug: str) -> None:
    scenario = Scenario(slug, CONNECTORS[slug])
    own = json.dumps(scenario.load(OWN[slug][0][1])).encode()
    found = {
        (status, body, str(headers)): decided(scenario, status, body, headers)
        for status in (*STATUSES, *REDIRECTS)
        for body, headers in foreign(own)
    }

    wrong = {key: code for key, code in found.items() if code != "intermediary"}
    assert not wrong
    assert len(found) == 13 * 19
    assert ReasonCode.INTERMEDIARY in PASSING


@pytest.mark.parametrize(("slug", "status", "name", "code"), VERDICTS)
def test_the_provider_s_own_answer_is_believed(
    slug: str, status: int, name: str, code: str
) -> None:
    scenario = Scenario(slug, CONNECTORS[slug])

    assert decided(scenario, status, scenario.load(name), JSON) == code


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("slug", sorted(OWN))
def test_no_foreign_answer_ends_a_grant_or_accuses_the_client(slug: str) -> None:
    scenario = Scenario(slug, CONNECTORS[slug])
    path = "/" + scenario.oauth.config.token_url.split("/", 3)[3]
    dead = b'{"error":"invalid_grant","error_description":"gone"}'
    kinds = {}
    for status in (*STATUSES, *REDIRECTS):
        for body, headers in foreign(dead):
            scenario.transport.on(f"POST {path}", body, status=status, headers=headers)
            with pytest.raises(OAuthError) as caught:
                scenario.oauth.refresh(Secret("r"))
            kinds[status, body, str(headers)] = type(caught.value).__name__
    scenario.transport.on(f"POST {path}", dead, status=400, headers=JSON)
    with pytest.raises(OAuthError) as believed:
        scenario.oauth.refresh(Secret("r"))

    passing = {"TokenServerError", "TokenRateLimited"}
    assert {key: kind for key, kind in kinds.items() if kind not in passing} == {}
    assert type(believed.value).__name__ == "GrantRejected"


@pytest.mark.parametrize(
    ("status", "form"),
    [(401, "html"), (403, "json"), (404, "text"), (410, "empty"), (429, "html")],
)
def test_an_answer_in_front_of_a_list_costs_the_user_nothing(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    status: int,
    form: str,
) -> None:
    before = list(Collection.objects.order_by("pk").values("completeness", "misses"))
    items, refreshes = Item.objects.live().count(), sandbox.count("/token")
    sandbox.client.command("faults/add", kind="intermediary", status=status, form=form)

    run = finish_sync(synced)

    after = list(Collection.objects.order_by("pk").values("completeness", "misses"))
    synced.refresh_from_db()
    assert run.outcome == "failed"
    assert synced.state == "degraded"
    assert (after, Item.objects.live().count()) == (before, items)
    assert sandbox.count("/token") == refreshes
    assert synced.retry_at is not None

    sandbox.client.command("faults/clear")
    assert finish_sync(synced).outcome == "complete"
    assert_equal_to(sandbox)


@pytest.mark.parametrize("status", [302, 400, 401, 403])
def test_an_answer_in_front_of_the_token_endpoint_ends_no_grant(
    connection: Connection, sandbox: Any, status: int
) -> None:
    credential = Credential.objects.get(connection=connection)
    sandbox.client.command(
        "faults/add", kind="intermediary", status=status, family="token", count=1
    )

    with pytest.raises(Transient):
        refresh_now(credential)
    wait_out(credential)

    assert refresh_now(credential).version == 2
    assert Connection.objects.get().state == "active"
    assert not ProviderState.objects.exists()
