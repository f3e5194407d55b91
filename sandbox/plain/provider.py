"""Make a provider out of a policy, kinds of records and addresses."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sandbox.control.helpers import get_account
from sandbox.core.provider import Plan
from sandbox.core.serving.web import Request, Response
from sandbox.core.state import Provider, Route, Sandbox
from sandbox.oauth import kit
from sandbox.oauth.policy import Policy
from sandbox.plain.api import Api, Call, answer_error, refuse
from sandbox.plain.commands import Commands
from sandbox.plain.records import Kind, Place


@dataclass(frozen=True, kw_only=True)
class Plain:
    """What a plain provider consists of; `to_provider` makes the rest."""

    policy: Policy
    kinds: Sequence[Kind]
    api: Sequence[Api]

    def to_provider(self) -> Provider:
        policy = self.policy
        control = Commands(policy=policy, kinds=self.kinds)
        routes = [
            Route(api.method, api.path, partial(self._answer, api), api.families)
            for api in self.api
        ]
        return kit.make_provider(
            policy,
            __package__,
            routes=routes,
            kinds={kind.name: kind.name for kind in self.kinds},
            seed=self._seed,
            refuse=_refuse_with_status,
            commands=control.commands,
            queries=control.queries,
        )

    def _answer(self, api: Api, sandbox: Sandbox, request: Request) -> Response:
        token, now = request.token, sandbox.clock()
        if token is None or token.kind != "access" or not token.is_live(now):
            raise refuse(401, "the token is not valid")
        self._check_limit(sandbox, token.account)
        withdrawn = self.policy.get(sandbox, "withdrawn_scopes", token.account)
        if api.scope and api.scope not in set(token.scopes) - set(withdrawn):
            raise refuse(403, f"the scope {api.scope} is missing")
        account = get_account(self.policy.accounts, {"account": token.account})
        call = Call(sandbox=sandbox, request=request, token=token, account=account)
        return api.handler(call)

    def _check_limit(self, sandbox: Sandbox, account: str) -> None:
        if not self.policy.get(sandbox, "rate_limits", account):
            return
        limit = self.policy.get(sandbox, "calls_per_minute", account)
        key, now = f"{self.policy.slug}:{account}", sandbox.clock()
        is_in, _ = sandbox.windows.admit(key, limit=limit, seconds=60.0, now=now)
        if not is_in:
            raise refuse(429, "too many calls")

    def _seed(self, sandbox: Sandbox, plan: Plan) -> None:
        rng = random.Random(plan.seed)
        for account in self.policy.accounts:
            for kind in self.kinds:
                place = Place(sandbox, self.policy.slug, account.id, kind)
                place.seed(account, rng)


def _refuse_with_status(
    sandbox: Sandbox, request: Request, status: int, after: float | None
) -> Response:
    return answer_error(status, f"simulated answer {status}").after(after)
