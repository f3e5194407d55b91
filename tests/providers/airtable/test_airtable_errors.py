"""Airtable's refusals: three envelopes, two kinds of 429, and what is not shared."""

import json
from datetime import UTC, datetime

import pytest

from integrations.http.errors import (
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    Server,
    Transient,
    Unauthorized,
)
from integrations.http.sending.transport import Response
from integrations.providers.airtable.api.classify import classify
from integrations.providers.airtable.api.errors import (
    MonthlyQuotaError,
    start_of_next_month,
)
from integrations.providers.errors import ListingExpiredError

LIST = "GET /v0/appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA1"
BASE_BUCKET = "airtable:base:appAAAAAAAAAAAAA1"
NOW = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)


def fetch_page(airtable, cursor=None):
    return airtable.connector.fetch_page(
        airtable.api, airtable.context(), cursor=cursor
    )


@pytest.mark.parametrize(
    ("status", "name", "error"),
    [
        (401, "error_authentication", Unauthorized),
        (403, "error_not_shared", Forbidden),
        (403, "error_permissions", Forbidden),
        (404, "error_not_found", NotFound),
        (404, "error_model_not_found", NotFound),
        (422, "error_iterator", ListingExpiredError),
        (422, "error_offset", ListingExpiredError),
        (422, "error_formula", InvalidRequest),
        (429, "error_rate_limit", RateLimited),
        (429, "error_rate_limit_list", RateLimited),
        (429, "error_quota", MonthlyQuotaError),
        (503, "error_retriable", Server),
    ],
)
def test_each_refusal_is_an_error_of_its_kind(airtable, status, name, error):
    for _ in range(2):
        airtable.transport.on(LIST, airtable.load(name), status=status)

    with pytest.raises(error) as caught:
        fetch_page(airtable)

    assert type(caught.value) is error
    assert caught.value.status == status
    assert caught.value.code


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, Forbidden), (404, NotFound), (422, InvalidRequest), (429, RateLimited)],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"errors": [7]}'])
def test_a_refusal_that_is_no_json_still_counts(status, error, body):
    assert type(classify(Response(status=status, body=body))) is error


def test_a_success_is_no_error():
    assert classify(Response(status=200, body=b"{}")) is None


@pytest.mark.parametrize("name", ["error_rate_limit", "error_rate_limit_list"])
def test_too_many_calls_block_the_bases_bucket_for_half_a_minute(airtable, name):
    airtable.transport.on(LIST, airtable.load(name), status=429)

    with pytest.raises(RateLimited):
        fetch_page(airtable)

    assert airtable.limiter.blocked[BASE_BUCKET] >= 30


@pytest.mark.parametrize(("header", "wait"), [("5", 31.0), ("90", 90.0), ("", 31.0)])
def test_a_longer_wait_that_airtable_asks_for_is_honoured(header, wait):
    error = classify(Response(status=429, headers={"retry-after": header}))

    assert isinstance(error, RateLimited)
    assert error.retry_after == wait


def test_a_busy_airtable_says_how_long_to_wait(airtable):
    body = json.dumps(airtable.load("error_retriable")).encode()
    response = Response(status=503, headers={"retry-after": "7"}, body=body)

    error = classify(response)

    assert isinstance(error, Server)
    assert error.retry_after == 7.0


def test_a_used_up_month_is_not_tried_again_until_it_ends(airtable):
    body = json.dumps(airtable.load("error_quota")).encode()

    error = classify(Response(status=429, body=body), now=NOW)

    assert isinstance(error, MonthlyQuotaError)
    assert not isinstance(error, Transient)
    assert error.until == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_used_up_month_blocks_no_bucket(airtable):
    airtable.transport.on(LIST, airtable.load("error_quota"), status=429)

    with pytest.raises(MonthlyQuotaError):
        fetch_page(airtable)

    assert airtable.limiter.blocked == {}
    assert len(airtable.transport.requests) == 1


@pytest.mark.parametrize(
    ("now", "following"),
    [
        (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        (NOW, datetime(2027, 1, 1, tzinfo=UTC)),
        (
            datetime.fromisoformat("2026-12-01T01:00:00+02:00"),
            datetime(2026, 12, 1, tzinfo=UTC),
        ),
    ],
)
def test_a_month_ends_in_utc(now, following):
    assert start_of_next_month(now) == following


def test_what_is_not_shared_any_more_is_told_from_what_is_not_allowed(airtable):
    airtable.transport.on(LIST, airtable.load("error_not_shared"), status=403)
    airtable.transport.on(LIST, airtable.load("error_permissions"), status=403)

    with pytest.raises(Forbidden, match="no longer shared"):
        fetch_page(airtable)
    with pytest.raises(Forbidden, match="role does not allow"):
        fetch_page(airtable)


@pytest.mark.parametrize("name", ["error_iterator", "error_offset"])
def test_a_forgotten_listing_starts_again_instead_of_ending(airtable, name):
    airtable.transport.on(LIST, airtable.load("records_page_1"))
    airtable.transport.on(LIST, airtable.load(name), status=422)

    page = fetch_page(airtable)

    with pytest.raises(ListingExpiredError):
        fetch_page(airtable, cursor=page.next_cursor)
