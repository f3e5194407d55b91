"""Describe Notion's OAuth: no scopes, no PKCE, no lifetimes, JSON with Basic auth."""

from integrations.http.responses.error_forms import LOWER_CODE, RFC_FORM
from integrations.oauth.config import Rejection
from integrations.providers.spec import ProviderSpec
from integrations.providers.versions import ApiVersion

# https://developers.notion.com/reference/status-codes
ERROR_FORM = {"object": "error", "code": LOWER_CODE}
# No version has an end yet; each is told in Notion's changelog before it has one.
VERSIONS = tuple(
    ApiVersion(name=name, source="https://developers.notion.com/reference/versioning")
    for name in ("2026-03-11", "2025-09-03", "2022-06-28", "v1")
)
# What may be read is decided twice, and never in the request: by the capabilities
# of the connection in Notion's portal, and by the pages that a user picks.
# https://developers.notion.com/guides/get-started/authorization
SPEC = ProviderSpec(
    slug="notion",
    name="Notion",
    summary="Pages, databases and their rows in a Notion workspace.",
    authorize_url="https://api.notion.com/v1/oauth/authorize",
    token_url="https://api.notion.com/v1/oauth/token",  # noqa: S106 - an address
    api_url="https://api.notion.com/v1",
    scopes=(),
    client_auth="basic",
    body_format="json",
    introspect_path="introspect",
    # An access token, and nothing beside it.
    # https://developers.notion.com/reference/revoke-token
    revoke_path="revoke",
    revokes="access_token",
    reconsent_label="Change shared pages",
    home_url="https://www.notion.so",
    # It leads to Settings, Connections, which has no address of its own.
    manage_url="https://www.notion.com/help/add-and-manage-connections-with-the-api",
    empty_hint=(
        "No page is shared with Mooring. Press Change shared pages and tick some."
    ),
    reason_texts={
        "capped": ("Notion lists no more than {number} of the rows made in one minute"),
        "takes_turns": (
            "pages inside the rows of large tables are looked for in turns, "
            "{number} rows at a time"
        ),
    },
    extra_texts={"people": "the names of people"},
    cut_texts={"more_people": "names of people"},
    account_keys=("member",),
    authorize_params={"owner": "user", "response_type": "code"},
    # 180 calls a minute, or 600 where the plan allows: 30 or 100 in ten seconds. They
    # may be spent in a burst, which is what a small workspace needs to be read at once
    # after Connect. Half of them are, so that nobody waits long behind a large one.
    # https://developers.notion.com/reference/request-limits
    rate_limit=30,
    limit_seconds=30.4,
    versions=VERSIONS,
    version_env="NOTION_VERSION",
    default_version="2026-03-11",
    version_header="Notion-Version",
    error_forms=(ERROR_FORM,),
    token_error_forms=(ERROR_FORM, RFC_FORM),
    # The reference shows these in ``code``, the guide those of the RFC in ``error``;
    # both are read, and the first that means something decides.
    # https://developers.notion.com/reference/create-a-token
    rejections={
        "unauthorized": Rejection.CLIENT,
        "invalid_request_url": Rejection.REQUEST,
        "invalid_json": Rejection.REQUEST,
        "missing_version": Rejection.REQUEST,
        "validation_error": Rejection.REQUEST,
        "test_env_error": Rejection.CLIENT,
        "rate_limited": Rejection.RATE,
        "conflict_error": Rejection.SERVER,
        "internal_server_error": Rejection.SERVER,
        "service_overload": Rejection.SERVER,
        "service_unavailable": Rejection.SERVER,
    },
)
