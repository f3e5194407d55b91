"""An answer's status decides the error, whatever its body looks like."""

import json

import pytest

from integrations.http import errors
from integrations.http.responses.classify import default_classify, error_code, error_for
from integrations.http.sending.transport import Response


def response(status, body=b"", **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, body=data, headers=names)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_no_error(status):
    assert default_classify(response(status)) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, errors.InvalidResponse),
        (302, errors.InvalidResponse),
        (400, errors.InvalidRequest),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (408, errors.Server),
        (409, errors.InvalidRequest),
        (410, errors.NotFound),
        (413, errors.InvalidRequest),
        (414, errors.InvalidRequest),
        (422, errors.InvalidRequest),
        (423, errors.Server),
        (429, errors.RateLimited),
        (477, errors.Server),
        (500, errors.Server),
        (503, errors.Server),
        (524, errors.Server),
        (529, errors.Server),
        (600, errors.Server),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>down</html>", b'["x"]', b"\xff", {"error": "X_Y"}]
)
def test_the_status_decides(status, kind, body):
    error = default_classify(response(status, body))

    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": "NOT_FOUND"}, "NOT_FOUND"),
        ({"error": {"type": "MODEL_ID_NOT_FOUND"}}, "MODEL_ID_NOT_FOUND"),
        ({"errors": [{"error": "LIMIT_REACHED", "message": ".."}]}, "LIMIT_REACHED"),
        ({"object": "error", "status": 429, "code": "rate_limited"}, "rate_limited"),
        ({"category": "MISSING_SCOPES", "errors": [{"code": "X"}]}, "MISSING_SCOPES"),
        ({"status": "error", "errorType": "RATE_LIMIT"}, "RATE_LIMIT"),
        ({"errors": [{"code": "READ_ONLY_VALUE"}]}, "READ_ONLY_VALUE"),
        ({"error": ["a"], "errors": "b", "code": 5, "category": None}, ""),
        ({"error": "a sentence, no code"}, ""),
        ({"error": "x" * 81}, ""),
        ({"errors": []}, ""),
        ({}, ""),
    ],
)
def test_the_code_is_found_in_every_usual_place(body, code):
    assert error_code(body) == code


@pytest.mark.parametrize("status", [429, 477, 503])
def test_a_wish_to_wait_is_kept(status):
    assert default_classify(response(status, retry_after="7")).retry_after == 7
    assert default_classify(response(status, retry_after="x")).retry_after is None


def test_the_providers_words_are_kept_apart_redacted_and_short():
    body = {"message": "bad\ntoken=canary " + "x" * 1000}

    error = default_classify(response(400, body))

    assert str(error) == "the provider answered 400"
    assert error.detail.startswith("bad\\ntoken=*** xxx")
    assert len(error.detail) == 300


def test_a_huge_error_body_is_not_read():
    body = {"code": "rate_limited", "pad": "x" * 100_000}

    assert default_classify(response(400, body)).code == ""


def test_a_refusal_says_nothing_of_scopes_until_its_provider_does():
    error = error_for(response(403), code="NO")

    assert isinstance(error, errors.Forbidden)
    assert not error.lacks_scope
    assert str(error) == "the provider answered 403 NO"
