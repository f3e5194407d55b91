"""The burst limit is the one that HubSpot's answers tell."""

import pytest


def headers(calls, interval="10000"):
    return {
        "X-HubSpot-RateLimit-Max": calls,
        "X-HubSpot-RateLimit-Interval-Milliseconds": interval,
    }


def limit_after(hubspot, told):
    hubspot.transport.on("GET /crm/owners/2026-09", {}, headers=told)
    hubspot.api.get("/crm/owners/2026-09")
    (limit,) = hubspot.api.limits
    return limit.limit, limit.seconds


@pytest.mark.parametrize(
    ("told", "limit"),
    [
        (headers("190"), (190, 10.25)),
        (headers("100"), (100, 10.25)),
        (headers("110", "20000"), (110, 20.25)),
        ({}, (110, 10.25)),
        (headers("0"), (110, 10.25)),
        (headers("many"), (110, 10.25)),
        (headers("99999999"), (110, 10.25)),
        (headers("190", "-1"), (110, 10.25)),
    ],
)
def test_the_limit_follows_the_answers(hubspot, told, limit):
    assert limit_after(hubspot, told) == limit
