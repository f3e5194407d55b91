"""Do OAuth as Notion does: JSON and Basic, no scopes, a picker, owners of a grant."""

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.data import read
from sandbox.core.provider import Account, User
from sandbox.core.serving.web import Request, Response
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.notion.api.calls import OWNERS, answer, check_version
from sandbox.notion.api.changes import end_shares, make_holder, set_shares
from sandbox.notion.api.errors import get_request_id, oauth_error
from sandbox.notion.api.people import describe_owner
from sandbox.notion.seed.workspaces import BY_ID, SLUG, WORKSPACES
from sandbox.oauth import grants
from sandbox.oauth.consent import (
    Consent,
    ConsentPage,
    Decision,
    Option,
    Options,
    ProblemError,
)
from sandbox.oauth.policy import Issued, Policy
from sandbox.oauth.refusals import Refusal

PICKABLE = read(__package__, "pickable.sql")
CLIENT = Refusal("invalid_client", "Client authentication failed.")
REFRESH = Refusal("invalid_grant", "Invalid refresh token.")
REFUSALS = {
    "body": Refusal("invalid_json", "Error parsing JSON body."),
    "missing": Refusal("invalid_request", "body.{} should be a string."),
    "undescribed": Refusal("invalid_request", "body.{} should be not present."),
    "token_kind": Refusal("invalid_request", "body.token should be an access token."),
    "client_id": CLIENT,
    "client_secret": CLIENT,
    "code": Refusal("invalid_grant", "Invalid code."),
    "used_code": Refusal("invalid_grant", "Invalid code: this code has been revoked."),
    "redirect_uri": Refusal("invalid_grant", "Mismatched redirect URI."),
    "refresh_token": REFRESH,
    "reused": REFRESH,
}


def _get_bot(sandbox: Sandbox, grant_id: int) -> Row:
    sql = "SELECT * FROM notion_bot WHERE grant_id = ?"
    [row] = sandbox.storage.all(sql, grant_id)
    return row


@dataclass(frozen=True, kw_only=True)
class NotionPolicy(Policy):
    """What Notion does in its own way."""

    def pick_as_user(
        self, sandbox: Sandbox, account: Account, user: User
    ) -> Sequence[Options]:
        """Offer what a person has full access to, ticked as it is shared now."""
        who, storage = (account.id, user.id), sandbox.storage
        live = self.grants(sandbox).list(*who, is_live=True)
        names = {"workspace": account.id, "person": user.id, "is_live": bool(live)}
        names["holder"] = make_holder(*who)
        options = [
            Option(
                f"page:{user.id}:{row['id']}",
                f"{row['title']}{row['more']}",
                note=row["note"],
                icon=row["icon"],
                is_ticked=bool(row["ticked"]),
            )
            for row in storage.all(PICKABLE, **names)
        ]
        return (("", options),)

    def decide(self, sandbox: Sandbox, consent: Consent) -> Decision:
        """Keep the pages picked from the person's own list, and who owns the grant."""
        prefix = f"page:{consent.user.id}:"
        picked = [name for name, _ in consent.pairs if name.startswith(prefix)]
        [(_, offered)] = self.pick_as_user(sandbox, consent.account, consent.user)
        if not {option.name for option in offered}.issuperset(picked):
            raise ProblemError("Only pages of your own list can be picked.")
        owner = dict(consent.pairs).get("grant_owner", "person")
        if owner not in OWNERS:
            raise ProblemError("Choose what is told about you first.")
        pages = [name.removeprefix(prefix) for name in picked]
        return Decision(choice=json.dumps({"owner": owner, "picked": pages}))

    def start(self, sandbox: Sandbox, code: Row) -> int:
        """Begin a grant; only now do the picked pages become visible to the app."""
        workspace, user, storage = code["account"], code["user"], sandbox.storage
        holder, choice = make_holder(workspace, user), json.loads(code["choice"])
        known = self.grants(sandbox)
        earlier = known.list(workspace, user, is_live=True)
        if not earlier:
            end_shares(storage, holder)
        set_shares(storage, holder, choice["picked"], sandbox.now_ms)
        if earlier and self.get(sandbox, "same_pair", workspace):
            # As for apps made before June 2026.
            return earlier[-1]
        if self.get(sandbox, "reauthorization_kills", workspace):
            for grant_id in earlier:
                known.end(grant_id, "authorized again")
        bot = str(uuid.uuid4())
        if earlier and self.get(sandbox, "stable_bot_id", workspace):
            bot = _get_bot(sandbox, earlier[-1])["bot"]
        grant_id = super().start(sandbox, code)
        row = (grant_id, holder, bot, choice["owner"])
        storage.run("INSERT INTO notion_bot VALUES (?, ?, ?, ?)", *row)
        return grant_id

    def describe(self, issued: Issued) -> dict[str, Any]:
        grant, sandbox = issued.grant, issued.sandbox
        bot = _get_bot(sandbox, grant["id"])
        workspace = BY_ID[grant["account"]]
        has_refresh = self.get(sandbox, "refresh_tokens", workspace.id)
        return {
            "access_token": issued.access,
            "token_type": "bearer",
            "refresh_token": issued.refresh if has_refresh else None,
            "bot_id": bot["bot"],
            "workspace_id": workspace.id,
            "workspace_name": workspace.name,
            "workspace_icon": workspace.icon,
            "owner": describe_owner(sandbox, workspace.id, grant["user"], bot["owner"]),
            "duplicated_template_id": None,
            "request_id": get_request_id(issued.request),
        }

    def describe_token(self, sandbox: Sandbox, token: grants.Token) -> dict[str, Any]:
        """Say since when a token is active; never until when."""
        return {"active": True, "scope": "", "iat": int(token.issued_at)}

    def answer_error(
        self, sandbox: Sandbox, request: Request, refusal: Refusal
    ) -> Response:
        return oauth_error(sandbox, request, refusal.error, refusal.description)

    def end(self, sandbox: Sandbox, token: grants.Token) -> None:
        who = (token.account, token.user)
        if not self.grants(sandbox).list(*who, is_live=True):
            end_shares(sandbox.storage, make_holder(*who))

    def make_token(self, kind: str, account: str) -> str:
        return {"access": "ntn_", "refresh": "nrt_"}[kind] + secrets.token_hex(23)

    def answer(self, request: Request, data: dict[str, Any]) -> Response:
        return answer(request, data)


POLICY = NotionPolicy(
    slug=SLUG,
    name="Notion",
    accounts=WORKSPACES,
    admit=check_version,
    page=ConsentPage(
        title="Connect an app to Notion",
        lead="Choose the workspace, who you are in it, and the pages.",
        allow="allow",
        allow_label="Allow access",
        denied="",
        pick_note="Everything inside a page is shared with it.",
        more="notion/owners.html",
    ),
    authorize_path="/v1/oauth/authorize",
    token_path="/v1/oauth/token",
    introspect_path="/v1/oauth/introspect",
    revoke_path="/v1/oauth/revoke",
    must_be={
        "response_type": ("code", "invalid_request"),
        "owner": ("user", "invalid_request"),
    },
    secret_in="basic",
    body="json",
    revocable=("access",),
    refusals=REFUSALS,
    access_token_seconds=0,
)
