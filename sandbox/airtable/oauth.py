"""Do OAuth as Airtable does: PKCE, codes that burn, rotation, reuse punished."""

import json
import re
from dataclasses import dataclass
from typing import Any, cast

from sandbox.airtable.seed.accounts import COMPANIES, SCOPES, SLUG, Company
from sandbox.core.provider import Account
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.oauth.consent import (
    AskAgainError,
    Consent,
    ConsentPage,
    Decision,
    Option,
    Options,
)
from sandbox.oauth.policy import Issued, Policy

WORDS = {
    "data.records:read": "See the data in records",
    "schema.bases:read": "See the structure of a base, like table names or field types",
    "user.email:read": "See your email address",
    "webhook:manage": "Be told when something changes",
}
BASES = "SELECT id, name FROM airtable_base WHERE workspace = ? ORDER BY name, id"


@dataclass(frozen=True, kw_only=True)
class AirtablePolicy(Policy):
    """What Airtable does in its own way."""

    def pick_in_account(self, sandbox: Sandbox, account: Account) -> list[Options]:
        """Offer every base of each workspace, and the workspace as a whole."""
        lists: list[Options] = []
        for workspace in cast(Company, account).workspaces:
            all_of_it = "All current and future bases of this workspace"
            options = [
                Option(f"use:{row['id']}", row["name"], note=row["id"], is_ticked=True)
                for row in sandbox.storage.all(BASES, workspace.id)
            ]
            options.append(Option(f"use:{workspace.id}", all_of_it))
            lists.append((f"{workspace.name}, {workspace.plan} plan", options))
        return lists

    def decide(self, sandbox: Sandbox, consent: Consent) -> Decision:
        """Keep what was picked in the person's own account; the rest is not theirs."""
        lists = self.pick_in_account(sandbox, consent.account)
        own = {option.name for _, options in lists for option in options}
        picked = sorted(own & {name for name, _ in consent.pairs})
        if not picked:
            name = consent.account.name
            raise AskAgainError(f"Choose at least one base or workspace of {name}.")
        resources = [name.removeprefix("use:") for name in picked]
        return Decision(scopes=consent.asked.scopes, choice=json.dumps(resources))

    def start(self, sandbox: Sandbox, code: Row) -> int:
        grant_id = super().start(sandbox, code)
        insert = "INSERT INTO airtable_grant VALUES (?, ?)"
        sandbox.storage.run(insert, grant_id, code["choice"])
        return grant_id

    def describe(self, issued: Issued) -> dict[str, Any]:
        # The space is Airtable's own.
        own = {"token_type": "Bearer ", "refresh_expires_in": issued.refresh_expires_in}
        return {**super().describe(issued), **own}


POLICY = AirtablePolicy(
    slug=SLUG,
    name="Airtable",
    accounts=COMPANIES,
    page=ConsentPage(
        title="Let an integration use your bases",
        lead="Choose who you are, and what it may use.",
        allow_label="Grant access",
        scope_words=WORDS,
        pick_note="Bases you cannot open yourself stay closed to the integration.",
    ),
    authorize_path="/oauth2/v1/authorize",
    token_path="/oauth2/v1/token",
    state=re.compile(r"[A-Za-z0-9._-]{16,1024}"),
    pkce="required",
    echoes_challenge=True,
    refuses_repeated=True,
    scopes=SCOPES,
    secret_in="basic",
    required=("code", "redirect_uri", "code_verifier"),
    burns_codes=True,
    code_seconds=600,
    access_token_seconds=3600,
    refresh_token_seconds=5_184_000,
    punish_reuse=True,
    race_seconds=2.0,
)
