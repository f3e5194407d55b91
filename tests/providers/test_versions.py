"""Versions of the providers' APIs: which are in use, and when it is time to move."""

from datetime import date, timedelta

import pytest
from django.conf import settings
from msgspec.structs import replace

from integrations.providers import SPECS
from integrations.providers.versions import WARNED_BEFORE, ApiVersion, UsedVersion

END = date(2027, 2, 16)
VERSION = ApiVersion(name="v1", source="https://example.com", ends_on=END)


def used(slug: str, **changes: str) -> dict[str, UsedVersion]:
    configured = replace(settings.PROVIDERS[slug], **changes)
    return {each.purpose: each for each in SPECS[slug].used_versions(configured)}


@pytest.mark.parametrize("slug", SPECS)
def test_the_version_that_is_asked_for_by_itself_is_one_that_is_known(
    slug: str,
) -> None:
    spec = SPECS[slug]
    known = {version.name for version in spec.versions}

    assert not spec.default_version or spec.default_version in known
    assert all(each.source.startswith("https://") for each in spec.versions)


def test_a_version_is_found_in_a_setting_and_in_the_path_of_an_address() -> None:
    v1 = used("hubspot", token_url="https://api.hubapi.com/oauth/v1/token")

    assert (v1["data"].name, v1["data"].setting) == ("2026-09", "HUBSPOT_API_VERSION")
    assert (v1["tokens"].name, v1["tokens"].setting) == ("v1", "HUBSPOT_TOKEN_URL")
    assert v1["tokens"].known is not None
    assert v1["tokens"].known.ends_on == END
    assert used("airtable")["data"].name == "v0"
    assert used("notion", version="2099-01-01")["data"].known is None


def test_a_version_is_warned_of_180_days_ahead_and_from_then_on() -> None:
    each = UsedVersion(name="v1", purpose="tokens", setting="X", known=VERSION)
    unknown = UsedVersion(name="v2", purpose="tokens", setting="X")

    assert WARNED_BEFORE.days == 180
    assert not each.is_ending(END - timedelta(days=181))
    assert each.is_ending(END - timedelta(days=180))
    assert each.is_ending(END + timedelta(days=1))
    assert not unknown.is_ending(END)
