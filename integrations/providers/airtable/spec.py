"""Describe Airtable's OAuth: PKCE and Basic, both tokens renewed at every refresh."""

from datetime import timedelta

from integrations.http.responses.error_forms import UPPER_CODE
from integrations.providers.spec import ProviderSpec, Scope

RECORDS_READ = "data.records:read"
SCHEMA_READ = "schema.bases:read"
EMAIL_READ = "user.email:read"

# https://airtable.com/developers/web/api/oauth-reference
# Airtable has neither an introspection nor a revocation endpoint, and it knows no
# optional scopes: what is asked for is granted as a whole or not at all. Its error
# codes are those of the RFC.
SPEC = ProviderSpec(
    slug="airtable",
    name="Airtable",
    summary="Bases, tables and records of an Airtable account.",
    authorize_url="https://airtable.com/oauth2/v1/authorize",
    token_url="https://airtable.com/oauth2/v1/token",  # noqa: S106 - an address
    api_url="https://api.airtable.com/v0",
    scopes=(
        Scope(name=RECORDS_READ, description="Read the records of tables"),
        Scope(
            name=SCHEMA_READ, description="See which bases, tables and fields there are"
        ),
        Scope(name=EMAIL_READ, description="Show which account is connected"),
    ),
    client_auth="basic",
    body_format="form",
    pkce=True,
    # A refresh token dies after 60 days in which nobody used it.
    keep_alive=timedelta(days=7),
    # A refresh ends the older access token as well, and at once.
    alive_path="/meta/whoami",
    manage_url="https://airtable.com/account",
    home_url="https://airtable.com",
    empty_hint=(
        "There is no base that may be read. Create one in Airtable, or give"
        " permission again and tick the bases there."
    ),
    # 50 a second over all bases is documented for personal tokens; taken to hold for
    # OAuth tokens as well. https://airtable.com/developers/web/api/rate-limits
    rate_limit=500,
    limit_seconds=1.1,
    extra_texts={"probes": "an answer to which items are still there"},
    account_keys=("email",),
    # One code in three envelopes. https://airtable.com/developers/web/api/errors
    error_forms=(
        {"error": UPPER_CODE},
        {"error.type": UPPER_CODE},
        {"errors.0.error": UPPER_CODE},
    ),
)
