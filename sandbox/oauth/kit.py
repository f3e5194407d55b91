"""Make the routes, switches and faults that every OAuth policy brings along."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sandbox.core.common_faults import KINDS, bend
from sandbox.core.data import load, read
from sandbox.core.provider import Switch
from sandbox.core.serving.endpoints import load_endpoints
from sandbox.core.serving.web import BadBodyError, Request, Response
from sandbox.core.state import Before, FaultKind, Handler, Provider, Route, Sandbox
from sandbox.oauth.authorize import ask
from sandbox.oauth.client import read_call
from sandbox.oauth.policy import Policy
from sandbox.oauth.token_endpoint import answer_token, introspect, revoke

# What a token answer can lack by a fault named `no_<field>`.
FIELDS = ("access_token", "refresh_token", "expires_in", "refresh_expires_in", "scope")
REFUSED = {"invalid_grant": "refresh_token", "invalid_client": "client_secret"}


def make_provider(
    policy: Policy,
    package: str,
    *,
    routes: Sequence[Route],
    faults: Sequence[FaultKind] = (),
    **own: Any,
) -> Provider:
    """Return a provider with what OAuth and any API bring along.

    Its package holds its tables, its switches and the forms of its control page.
    """
    control, common = load(package, "control"), load(__package__, "switches").items()
    return Provider(
        slug=policy.slug,
        name=policy.name,
        accounts=policy.accounts,
        identify=partial(identify, policy),
        routes=(*make_routes(policy), *routes),
        faults=(*KINDS, *make_faults(policy), *faults),
        switches=[
            *(Switch(name, label, getattr(policy, name)) for name, label in common),
            *(Switch(*own_switch) for own_switch in control["switches"]),
        ],
        forms=control["forms"],
        schema=read(package, "schema.sql"),
        endpoints=load_endpoints(package),
        **own,
    )


def make_routes(policy: Policy) -> list[Route]:
    def bind(handler: Callable[[Policy, Sandbox, Request], Response]) -> Handler:
        return partial(handler, policy)

    routes = [
        Route(method, policy.authorize_path, bind(ask), "consent")
        for method in ("GET", "POST")
    ]
    for path, handler, family in (
        (policy.token_path, answer_token, "token"),
        (policy.introspect_path, introspect, "introspect"),
        (policy.revoke_path, revoke, "revoke"),
    ):
        if path:
            routes.append(Route("POST", path, bind(handler), f"{family} oauth"))
    return routes


def make_faults(policy: Policy) -> list[FaultKind]:
    def drop(name: str) -> FaultKind:
        label = f"Token answer without {name}"
        after = bend(lambda data, _: data.pop(name, None))
        return FaultKind(f"no_{name}", label, after=after)

    return [
        *(
            FaultKind(name, f"Token endpoint: {name}", before=refuse(policy, reason))
            for name, reason in REFUSED.items()
        ),
        FaultKind(
            "conflict", "Token endpoint: 409", before=lambda *_: Response(status=409)
        ),
        *(drop(name) for name in FIELDS),
        FaultKind(
            "odd_expires_in",
            "Token answer with odd expires_in",
            after=bend(lambda data, params: data.update(expires_in=params["value"])),
            params={"value": "soon"},
        ),
    ]


def refuse(policy: Policy, reason: str) -> Before:
    """Return the fault that refuses a token request for a reason of the policy."""
    refusal = policy.get_refusal(reason)
    return lambda sandbox, request, _: policy.answer_error(sandbox, request, refusal)


def identify(policy: Policy, sandbox: Sandbox, request: Request) -> None:
    """Find out which account a call is about, without judging it yet."""
    value = request.bearer
    if request.route in (policy.token_path, policy.introspect_path, policy.revoke_path):
        value = _read_secret(policy, sandbox, request)
    request.token = policy.grants(sandbox).find_token(value)
    if request.token is not None:
        request.account = request.token.account


def _read_secret(policy: Policy, sandbox: Sandbox, request: Request) -> str:
    """Return the token in the body of a token request; note the account of a code."""
    try:
        call = read_call(policy, sandbox, request)
    except BadBodyError:
        return ""
    if code := call.get("code"):
        row = call.grants.find_code(code)
        request.account = row["account"] if row else ""
    return call.get("refresh_token") or call.get("token")
