"""One registry: what it lists, allauth knows by our own classes, and only that."""

import pytest
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from django.urls import reverse
from msgspec.structs import replace

from integrations import checks
from integrations.providers import CONNECTORS, REGISTERED, SPECS
from integrations.providers.connector import BaseConnector
from integrations.providers.consistency import find_problems
from integrations.providers.spec import Scope
from integrations.signin.provider import GrantProvider, make_provider_class


def altered(**changes: object) -> BaseConnector:
    """Return a connector like HubSpot's, with another spec."""
    connector = object.__new__(type(CONNECTORS["hubspot"]))
    connector.spec = replace(SPECS["hubspot"], **changes)
    return connector


def test_every_provider_has_a_class_of_our_own_in_allauth():
    for slug, spec in SPECS.items():
        provider = registry.get_class(slug)

        assert issubclass(provider, GrantProvider)
        assert (provider.id, provider.name, provider.spec) == (slug, spec.name, spec)
        assert provider.oauth2_adapter_class.provider_id == slug
    assert {provider.id for provider in registry.get_class_list()} == set(SPECS)


def test_every_provider_is_reached_at_the_addresses_of_its_slug():
    for slug, spec in SPECS.items():
        assert reverse("integrations:callback", args=(slug,)) == spec.callback_path
        start = reverse("integrations:authorize", args=(slug,))
        assert start == f"/integrations/{slug}/authorize"


def test_the_registry_passes_its_own_check():
    assert list(find_problems(REGISTERED)) == []
    assert checks.check_registry() == []
    assert checks.check_allauth_providers() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"slug": "Hub-Spot"}, "the slug"),
        ({"slug": "1st"}, "the slug"),
        ({"slug": "class"}, "the slug"),
        ({"slug": ""}, "the slug"),
        ({"authorize_url": "http://app.hubspot.com/oauth"}, "authorize_url"),
        ({"token_url": "https://user@api.hubapi.com/token"}, "token_url"),
        ({"api_url": "https:///v1"}, "api_url"),
        ({"api_url": "https://api.hubapi.com?x=1"}, "api_url"),
        ({"api_url": "https://[api"}, "api_url"),
        ({"version_env": "OTHER_VERSION"}, "version_env"),
        ({"default_version": ""}, "default_version"),
        ({"optional_scope_param": ""}, "optional scopes"),
        ({"scopes": (Scope(name="a", description="A"),) * 2}, "listed twice"),
    ],
)
def test_a_spec_that_cannot_work_is_named(changes, told):
    found = list(find_problems([altered(**changes)]))

    assert any(told in problem for problem in found)


def test_two_providers_of_one_slug_are_refused():
    found = list(find_problems([*REGISTERED, altered()]))

    assert found == ["2 providers have the slug 'hubspot'."]


def test_a_connector_without_types_of_items_is_refused():
    class Typeless(type(CONNECTORS["hubspot"])):
        item_types = {}

    assert "item_types" in "".join(find_problems([Typeless()]))


def test_a_connector_without_collections_is_refused():
    class Empty(BaseConnector):
        spec = SPECS["hubspot"]
        item_types = CONNECTORS["hubspot"].item_types
        identify = fetch_page = None

    assert "collections" in "".join(find_problems([Empty()]))


def test_a_bad_spec_stops_the_servers_with_a_code_and_a_hint(monkeypatch):
    monkeypatch.setattr(checks, "REGISTERED", [altered(token_url="http:")])

    (error,) = checks.check_registry()

    assert error.id == "mooring.E019"
    assert error.hint


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_provider_without_our_class_in_allauth_is_refused(monkeypatch, is_foreign):
    others = dict(registry.provider_map)
    del others["notion"]
    if is_foreign:
        # As if allauth's own had been installed: it takes scopes from the request.
        others["notion"] = type("Theirs", (OAuth2Provider,), {"id": "notion"})
    monkeypatch.setattr(registry, "provider_map", others)

    (error,) = checks.check_allauth_providers()

    assert error.id == "mooring.E020"
    assert "notion" in error.msg
    assert "INSTALLED_APPS" in error.hint


def test_a_class_for_allauth_needs_nothing_but_a_spec():
    spec = replace(SPECS["notion"], slug="tasks", name="Tasks")

    provider = make_provider_class(spec)

    assert provider(request=None).get_login_url(None) == "/integrations/tasks/authorize"
    assert provider.get_package() == "integrations.signin"
