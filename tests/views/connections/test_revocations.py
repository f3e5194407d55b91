"""Whoever's grant could not be ended is led to the provider's page for it."""

import pytest

from integrations.models import AuditEvent, FailedRevocation
from integrations.providers import SPECS
from integrations.templatetags.mooring import is_safe_link
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_connection

LIST = "/connections/"


@pytest.fixture
@kept
def failed(alice):
    return FailedRevocation.objects.create(
        provider="hubspot",
        account_id="77:1",
        account_name="Acme",
        owner=alice,
        error="invalid_request",
        tries=12,
    )


def test_the_owner_sees_it_with_the_providers_own_page(as_alice, as_bob, failed):
    page = as_alice.get(LIST).content.decode()

    assert 'data-code="revocation_given_up"' in page
    assert "HubSpot (Acme)" in page
    assert 'href="https://app.hubspot.com/connected-apps/77/installed"' in page
    assert "77:1" not in page
    assert "revocation_given_up" not in as_bob.get(LIST).content.decode()


def test_a_provider_that_cannot_be_told_is_not_said_to_have_refused(as_alice, failed):
    failed.error = "not_offered"
    failed.save()

    page = as_alice.get(LIST).content.decode()

    assert "HubSpot has no way to be told" in page
    assert "did not accept" not in page


def test_it_is_gone_when_its_owner_says_so(as_alice, as_bob, failed):
    url = f"/revocations/{failed.pk}/dismiss/"

    assert as_bob.post(url).status_code == 404
    assert as_alice.get(url).status_code == 405
    assert as_alice.post(url).status_code == 302

    assert not FailedRevocation.objects.exists()
    assert AuditEvent.objects.filter(event="revocation.dismissed").count() == 1


@pytest.mark.parametrize("slug", sorted(SPECS))
def test_every_provider_has_a_page_where_a_grant_is_ended(as_alice, alice, slug):
    connection = make_connection(alice, provider=slug, remote_id="77:1")

    url = SPECS[slug].manage_url_of(connection.remote_id)

    assert is_safe_link(url)
    assert (
        url
        in as_alice.get(f"/connections/{connection.pk}/disconnect/").content.decode()
    )
