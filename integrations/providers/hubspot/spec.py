"""Describe HubSpot's OAuth: dated endpoints, scopes, and what its refusals mean."""

from datetime import date
from typing import Final

from integrations.http.responses.error_forms import RFC_FORM, TEXT, UPPER_CODE
from integrations.oauth.config import Rejection
from integrations.providers.hubspot.objects import (
    COMPANIES_READ,
    CONTACTS_READ,
    CONTACTS_WRITE,
    DEALS_READ,
    OWNERS_READ,
)
from integrations.providers.spec import ProviderSpec, Scope
from integrations.providers.versions import ApiVersion

# In any 10 seconds, for an app of the marketplace; 100 or 190 for a private one.
USUAL_RATE_LIMIT: Final = 110
# Everything but the message may be missing in practice, but not all at once.
# https://developers.hubspot.com/docs/api-reference/error-handling
ERROR_FORMS: Final = (
    {"message": TEXT, "category": UPPER_CODE},
    {"message": TEXT, "correlationId": TEXT},
    {"message": TEXT, "errorType": UPPER_CODE},
    {"message": TEXT, "status": "error"},
)
# A dated version is supported until 18 months after it became generally available.
VERSIONING: Final = (
    "https://developers.hubspot.com/docs/developer-tooling/platform/versioning"
)
LEGACY: Final = (
    "https://developers.hubspot.com/changelog/"
    "legacy-apis-and-legacy-apps-whats-going-unsupported-and-when"
)
VERSIONS: Final = (
    ApiVersion(
        name="2026-09",
        ends_on=date(2028, 3, 8),
        is_estimated=True,
        source=VERSIONING,
    ),
    ApiVersion(
        name="2026-03",
        ends_on=date(2027, 9, 30),
        is_estimated=True,
        source=VERSIONING,
    ),
    ApiVersion(
        name="v4",
        ends_on=date(2027, 3, 30),
        source="https://developers.hubspot.com/changelog/"
        "deprecating-support-for-hubspot-v4-apis",
    ),
    # In September 2027, and no day is published.
    ApiVersion(name="v3", ends_on=date(2027, 9, 1), is_estimated=True, source=LEGACY),
    # Of the data as well as of OAuth; the earlier of the two days.
    ApiVersion(
        name="v1",
        ends_on=date(2027, 2, 16),
        source="https://developers.hubspot.com/changelog/v1-oauth-api-deprecation",
    ),
)
# Version 1 of these endpoints stops on 2027-02-16; the dated ones take their
# parameters in the body only, so that no token ever stands in an address.
# https://developers.hubspot.com/changelog/v1-oauth-api-deprecation
SPEC = ProviderSpec(
    slug="hubspot",
    name="HubSpot",
    summary="Contacts, companies and deals of a HubSpot account.",
    authorize_url="https://app.hubspot.com/oauth/authorize",
    token_url="https://api.hubapi.com/oauth/2026-09/token",  # noqa: S106 - an address
    api_url="https://api.hubapi.com",
    scopes=(
        Scope(name="oauth", description="Know which HubSpot account this is"),
        Scope(name=CONTACTS_READ, description="Read contacts"),
        Scope(name=COMPANIES_READ, description="Read companies", is_optional=True),
        Scope(name=DEALS_READ, description="Read deals", is_optional=True),
        Scope(
            name=OWNERS_READ, description="Show owners by their names", is_optional=True
        ),
        Scope(
            name=CONTACTS_WRITE,
            description="Create, change and archive contacts",
            is_optional=True,
            writes=True,
        ),
    ),
    introspect_path="token/introspect",
    introspects_refresh_tokens=True,
    revoke_path="token/revoke",
    # Each consent has a refresh token of its own, and only that one is revoked.
    revokes_one_pair=True,
    authorize_params={"response_type": "code"},
    extra_texts={
        "pipelines": "the names of pipelines and stages",
        "owners": "the names of owners",
        "archived_owners": "the names of owners who have left",
    },
    cut_texts={"more_owners": "names of owners"},
    account_keys=("hub_domain", "hub_id", "user_email"),
    optional_scope_param="optional_scope",
    home_url="https://app.hubspot.com",
    # Connected apps, in the settings of the portal.
    manage_url="https://app.hubspot.com/connected-apps/{account}/installed",
    # 110 in any 10 seconds, counted where the calls arrive.
    # https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
    rate_limit=USUAL_RATE_LIMIT,
    error_forms=ERROR_FORMS,
    token_error_forms=(
        RFC_FORM,
        {"message": TEXT, "status": UPPER_CODE},
        *ERROR_FORMS,
    ),
    versions=VERSIONS,
    version_env="HUBSPOT_API_VERSION",
    default_version="2026-09",
    # HubSpot puts the standard's code in ``error`` and its own in ``status``.
    # https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses
    rejections={
        "BAD_AUTH_CODE": Rejection.GRANT,
        "BAD_REFRESH_TOKEN": Rejection.GRANT,
        "BAD_HUB": Rejection.GRANT,
        "BAD_CLIENT_ID": Rejection.CLIENT,
        "BAD_CLIENT_SECRET": Rejection.CLIENT,
        "BAD_REDIRECT_URI": Rejection.REQUEST,
        "BAD_GRANT_TYPE": Rejection.REQUEST,
        "BAD_CODE_VERIFIER": Rejection.REQUEST,
        "BAD_SCOPES": Rejection.REQUEST,
    },
)
