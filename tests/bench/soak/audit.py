"""Judge the soak: which grants were lost and why, what was spent twice, how late."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from integrations.models import Connection, Credential, RefreshAttempt
from integrations.services.grants import credentials
from integrations.services.grants.refresh_attempts import intent
from tests.bench.soak.trouble import Diary
from tests.real.support.stack import Stack

# With these outcomes no usable answer ever came to us.
NEVER_CAME = {
    RefreshAttempt.Outcome.UNKNOWN,
    RefreshAttempt.Outcome.MALFORMED,
    RefreshAttempt.Outcome.CONFLICT,
}
CUT_OFF = {RefreshAttempt.Outcome.ABANDONED, RefreshAttempt.Outcome.STARTED}


def fingerprint(value: str) -> str:
    """Return the sandbox's short name of a token."""
    return hashlib.sha256(value.encode()).hexdigest()[:12]


@dataclass(kw_only=True)
class Audit:
    """Hold the verdict over every grant and every token request."""

    alive: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    recoverable: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    second_uses: int = 0
    refused_uses: list[str] = field(default_factory=list)
    overlapping: int = 0


class Auditor:
    """Compare what we hold with what the sandbox knows."""

    def __init__(self, stack: Stack, diary: Diary, *, deadline: float) -> None:
        self._diary, self._deadline = diary, deadline
        self._tokens: dict[str, dict[str, Any]] = {
            token["fingerprint"]: token
            for token in stack.ask_sandbox("tokens")["tokens"]
        }
        self._requests = [
            request
            for request in stack.ask_sandbox("token-requests")["requests"]
            if request["grant_type"] == "refresh_token"
        ]
        self.audit = Audit()

    def run(self) -> Audit:
        """Look at every connection, then at every request."""
        for credential in Credential.objects.select_related("connection"):
            self._judge(credential)
        self._count_uses()
        return self.audit

    def _judge(self, credential: Credential) -> None:
        held = credentials.open_refresh(credential)
        if held is None:
            raise AssertionError("a credential without a refresh token")
        token = self._tokens[fingerprint(held.reveal())]
        is_live = token["revoked_at"] is None and token["spent_at"] is None
        connection = credential.connection
        is_given_up = connection.state == Connection.State.NEEDS_RECONNECT
        if is_live and not is_given_up:
            self.audit.alive += 1
            if credential.is_expired or credential.attempt_id is not None:
                self.audit.unsettled.append(str(connection.pk))
        elif is_live:
            self._blame(credential, "given up although its token lives")
        elif not is_given_up:
            self.audit.unsettled.append(f"{connection.pk} holds a dead token")
        else:
            self._judge_lost(credential)

    def _judge_lost(self, credential: Credential) -> None:
        """Call a grant unrecoverable only if the answer that spent it never came."""
        made = RefreshAttempt.objects.filter(
            connection_id=credential.connection_id,
            generation=credential.generation,
            version=credential.version,
        )
        found = list(made.order_by("started_at"))
        if any(attempt.outcome in NEVER_CAME for attempt in found):
            self.audit.lost["the answer never came, or was unreadable"] += 1
        elif any(a.outcome in CUT_OFF and self._was_killed(a) for a in found):
            self.audit.lost["the worker was killed before the answer was stored"] += 1
        else:
            words = ", ".join(attempt.outcome for attempt in found)
            self._blame(credential, f"no reason in its attempts: {words}")

    def _was_killed(self, attempt: RefreshAttempt) -> bool:
        began = attempt.started_at.timestamp()
        # A worker that stood still is killed in the middle of an older attempt.
        until = began + self._deadline
        return any(began <= at <= until for _name, at in self._diary.kills)

    def _blame(self, credential: Credential, why: str) -> None:
        connection = credential.connection
        self.audit.recoverable.append(f"{connection.pk}: {why} ({connection.reason})")

    def _count_uses(self) -> None:
        """Count uses of a token after the one that the sandbox answered."""
        # We count from when we sent, and the sandbox from when it answered.
        soonest = intent.RETRY_SPACING.total_seconds() - settings.TOKEN_TIMEOUT
        answered: dict[str, float] = {}
        again: Counter[str] = Counter()
        for request in self._requests:
            name, at = request["fingerprint"], request["at"]
            self.audit.overlapping += bool(request["is_overlapping"])
            if name not in answered:
                if request["status"] == 200:
                    answered[name] = at
                continue
            again[name] += 1
            self.audit.second_uses += 1
            if again[name] > 1 or at - answered[name] < soonest:
                age = at - answered[name]
                self.audit.refused_uses.append(f"{name} again after {age:.0f} s")
