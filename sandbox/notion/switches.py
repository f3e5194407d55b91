"""List the lasting switches of the simulated Notion."""

from sandbox.core.provider import Switch
from sandbox.notion.api.auth import EMAILS, READ, USERS

SWITCHES = (
    Switch(name="rate_limits", label="Rate limits on", default=True),
    Switch(
        name="calls_per_minute",
        label="Calls per minute (0: by the workspace's plan)",
        default=0,
    ),
    Switch(name="code_seconds", label="Life of an authorization code (s)", default=60),
    Switch(
        name="refresh_tokens", label="Token answers have a refresh token", default=True
    ),
    Switch(
        name="old_access_survives",
        label="An access token outlives the refresh that replaced it",
        default=False,
    ),
    Switch(
        name="reauthorization_kills",
        label="Authorizing again ends the earlier pair",
        default=True,
    ),
    Switch(
        name="same_pair",
        label="Authorizing again gives the active pair (apps before June 2026)",
        default=False,
    ),
    Switch(
        name="stable_bot_id", label="Authorizing again keeps the bot id", default=False
    ),
    Switch(
        name="workspace_names", label="Token answers name the workspace", default=True
    ),
    Switch(
        name="rfc_errors", label="OAuth errors in the shape of RFC 6749", default=False
    ),
    Switch(
        name="capabilities",
        label="Capabilities of the app",
        default=[READ, USERS, EMAILS],
    ),
    Switch(name="grant_lag", label="Search learns of a share after (s)", default=2.0),
    Switch(name="index_lag", label="Search learns of a change after (s)", default=3.0),
    Switch(name="search_leaves_out", label="Search leaves out (%)", default=10),
    Switch(name="partial_hits", label="Search hits shown in part (%)", default=5),
    Switch(name="search_cap", label="Most results of a search", default=10_000),
    Switch(name="query_cap", label="Most results of a query", default=10_000),
    Switch(
        name="markdown_blocks", label="Blocks before Markdown is cut", default=1_000
    ),
)
