"""Test what `check --deploy` says of a site that the public reaches."""

import re
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.checks import refuse_unsafe_settings
from tests.config.test_settings import PRODUCTION
from tests.support import fresh

MAIL = "smtp+tls://user:word@mail.example.com:587"
PROXY, SIGN_UP = "mooring.W003", "mooring.E021"


@pytest.mark.parametrize(
    ("values", "found", "is_refused"),
    [
        ({}, {PROXY, SIGN_UP}, True),
        ({"TRUSTED_PROXY_COUNT": "0", "SIGN_UP": "closed"}, set(), False),
        ({"TRUSTED_PROXY_COUNT": "2", "EMAIL_URL": MAIL}, set(), False),
        ({"PUBLIC_BASE_URL": "http://localhost:8000"}, set(), False),
    ],
)
def test_deploying_names_a_proxy_that_is_not_counted_and_a_sign_up_that_proves_nothing(
    tmp_path, values: dict[str, str], found: set[str], *, is_refused: bool
) -> None:
    environment = {
        "ENV_FILE": "off",
        "VAR_DIR": str(tmp_path),
        **PRODUCTION,
        **values,
    }
    done = fresh.manage("check", "--deploy", **environment)

    told = set(re.findall(r"mooring\.[EW]\d+", done.stdout + done.stderr))
    assert told & {PROXY, SIGN_UP} == found
    assert (done.returncode != 0) == is_refused, done.stderr


def test_a_site_that_starts_says_it_as_well_and_goes_on(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.IS_DEVELOPMENT_ADDRESS = settings.IS_MAIL_DELIVERED = False
    settings.IS_PROXY_COUNT_SET = settings.DEBUG = False
    settings.PUBLIC_BASE_URL = "https://mooring.example.com"
    settings.SIGN_UP = "open"
    settings.SECRET_KEY = "a-key-of-fifty-odd-characters-for-this-test-alone-0"

    refuse_unsafe_settings()

    told = " ".join(record.getMessage() for record in caplog.records)
    assert {PROXY, SIGN_UP} <= set(re.findall(r"mooring\.[EW]\d+", told))
    settings.PUBLIC_BASE_URL = "http://mooring.example.com"
    with pytest.raises(ImproperlyConfigured, match=r"mooring\.E013"):
        refuse_unsafe_settings()
