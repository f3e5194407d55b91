"""Do OAuth as HubSpot does: dated paths, scopes of a tier, tokens named by region."""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from sandbox.core.serving.web import Request, Response, to_json
from sandbox.core.state import Sandbox
from sandbox.hubspot.api.calls import READ, WRITE, Call, api, check_version
from sandbox.hubspot.api.records import SLUG
from sandbox.hubspot.seed.accounts import BY_ID, PORTALS, TYPES, get_scopes
from sandbox.oauth import consent, grants, refusals
from sandbox.oauth.policy import Issued, Policy

APP_ID = 2222
WORDS = {
    "oauth": "Know which account is connected",
    "crm.objects.owners.read": "See who owns a record",
    **{READ.format(name): f"See {name}" for name in TYPES.values()},
    **{WRITE.format(name): f"Create and change {name}" for name in TYPES.values()},
}
CODES = {
    "client_id": "BAD_CLIENT_ID",
    "client_secret": "BAD_CLIENT_SECRET",
    "grant_type": "BAD_GRANT_TYPE",
    "code": "BAD_AUTH_CODE",
    "used_code": "BAD_AUTH_CODE",
    "redirect_uri": "BAD_REDIRECT_URI",
    "verifier": "BAD_CODE_VERIFIER",
    "refresh_token": "BAD_REFRESH_TOKEN",
    "reused": "BAD_REFRESH_TOKEN",
}
USUAL = {name: replace(refusals.REFUSALS[name], code=CODES[name]) for name in CODES}
BAD_HUB = refusals.Refusal("access_denied", "missing or unknown hub id", code="BAD_HUB")
REFUSALS = {**USUAL, "no_grant_type": USUAL["grant_type"], "bad_hub": BAD_HUB}


@dataclass(frozen=True, kw_only=True)
class HubSpotPolicy(Policy):
    """What HubSpot does in its own way."""

    def check_scopes(self, sandbox: Sandbox, asked: consent.Asked) -> None:
        """Insist on every required scope, and on none that is not registered."""
        required, known_optional = get_scopes(sandbox.config)
        scopes, optional = set(asked.scopes), set(asked.optional_scopes)
        # What `scope` names is what is required, exactly.
        if wrong := (required ^ scopes) | (optional - known_optional - required):
            names = " ".join(sorted(wrong))
            message = f"The request and the app's configuration disagree on: {names}."
            raise consent.SentBackError("invalid_scope", message)

    def decide(self, sandbox: Sandbox, given: consent.Consent) -> consent.Decision:
        """Grant what the portal's tier includes; only an administrator may."""
        asked, portal = given.asked, BY_ID[given.account.id]
        if not given.user.is_admin:
            reason = "you do not have permission to install apps in this account"
            raise consent.SentBackError("access_denied", reason)
        required = list(dict.fromkeys(asked.scopes))
        if missing := [scope for scope in required if not portal.has_scope(scope)]:
            message = f"This account does not include: {', '.join(missing)}."
            raise consent.ProblemError(message)
        optional = [scope for scope in asked.optional_scopes if portal.has_scope(scope)]
        return consent.Decision(scopes=(*required, *optional))

    def make_token(self, kind: str, account: str) -> str:
        is_short = kind == "refresh"
        made = secrets.token_hex(20) if is_short else secrets.token_urlsafe(180)
        return f"sbx-{BY_ID[account].details['dataHostingLocation']}-{made}"

    def describe(self, issued: Issued) -> dict[str, Any]:
        portal = issued.grant["account"]
        answer = {
            "access_token": issued.access,
            "refresh_token": issued.refresh,
            "expires_in": issued.expires_in,
            "token_type": "bearer",
            "token_use": "access_token",
            "hub_id": int(portal),
            "scopes": issued.grant["scopes"].split(),
        }
        if self.get(issued.sandbox, "user_id_in_token", portal):
            answer["user_id"] = int(issued.grant["user"])
        return answer

    def describe_token(self, sandbox: Sandbox, token: grants.Token) -> dict[str, Any]:
        portal, now = BY_ID[token.account], sandbox.clock()
        user = next(p for p in portal.people if p.id == token.user)
        described = {
            "active": True,
            "token": token.value,
            "token_use": f"{token.kind}_token",
            "token_type": "Bearer",
            "hub_id": int(portal.id),
            "user_id": int(token.user),
            "user": user.email,
            "hub_domain": portal.domain,
            "client_id": sandbox.config.get_registration(SLUG).client_id,
            "app_id": APP_ID,
            "scopes": token.scopes,
        }
        if token.kind == "access":
            described["expires_in"] = int((token.expires_at or now) - now)
            described["is_private_distribution"] = False
            described["signed_access_token"] = _sign(described)
        return described

    def answer_error(
        self, sandbox: Sandbox, request: Request, refusal: refusals.Refusal
    ) -> Response:
        message = refusal.description
        body = {"error": refusal.error, "error_description": message}
        return to_json({**body, "status": refusal.code, "message": message}, 400)


def _sign(token: dict[str, Any]) -> dict[str, Any]:
    """Return what nobody but HubSpot can use; no app should keep it."""
    texts = "appInstallId audience newSignature scopeToScopeGroupPks scopes signature"
    texts += " trialScopeToScopeGroupPks trialScopes"
    flags = ("isPrivateDistribution", "isServiceAccount", "isUserLevel")
    return {
        **dict.fromkeys(texts.split(), "simulated"),
        **dict.fromkeys(flags, False),
        "appId": APP_ID,
        "hubId": token["hub_id"],
        "hublet": "na1",
        **dict.fromkeys(("installingUserId", "userId"), token["user_id"]),
        "expiresAt": token["expires_in"],
    }


POLICY = HubSpotPolicy(
    slug=SLUG,
    name="HubSpot",
    accounts=PORTALS,
    admit=check_version,
    page=consent.ConsentPage(scope_words=WORDS),
    token_path="/oauth/{v}/token",
    introspect_path="/oauth/{v}/token/introspect",
    revoke_path="/oauth/{v}/token/revoke",
    must_be={},
    pkce="optional",
    pkce_methods=("plain", "S256"),
    mistakes_on_page=True,
    grant_type_first=True,
    required=(),
    refusals=REFUSALS,
    revocable=("refresh",),
    ended=("refresh",),
    rotation=False,
    old_access_survives=True,
)


@api("oauth")
def uninstall(call: Call) -> Response:
    """Take the app out of the portal, for everybody who connected it."""
    known = POLICY.grants(call.sandbox)
    with known.storage.write():
        for grant_id in known.list(call.portal):
            known.end(grant_id, "app uninstalled")
    return Response(status=204)
