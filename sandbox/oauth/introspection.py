"""Tell whether a token is active, and revoke tokens."""

from sandbox.core.state import Sandbox
from sandbox.core.web import ApiRefusal, Request, Response
from sandbox.oauth import grants
from sandbox.oauth.client import Call, read_call
from sandbox.oauth.policy import Policy
from sandbox.oauth.refusals import RefusedError


def introspect(policy: Policy, sandbox: Sandbox, request: Request) -> Response:
    _, found = _find_token(policy, sandbox, request)
    if found is None or not found.is_live(sandbox.clock()):
        return policy.answer(request, {"active": False})
    return policy.answer(request, policy.describe_token(sandbox, found))


def revoke(policy: Policy, sandbox: Sandbox, request: Request) -> Response:
    """End the grant of a token; tokens of other kinds may live until they expire."""
    call, token = _find_token(policy, sandbox, request)
    if token and token.kind not in policy.revocable:
        raise _refuse(call, RefusedError("token_kind"))
    if token and not token.is_revoked:
        reason, kinds = "revoked by the app", policy.ended
        with sandbox.storage.write():
            grants.end_grant(
                call.storage, token.grant_id, reason=reason, now=call.now, kinds=kinds
            )
            policy.end(sandbox, token)
    return policy.answer(request, {})


def _find_token(
    policy: Policy, sandbox: Sandbox, request: Request
) -> tuple[Call, grants.Token | None]:
    policy.admit(request)
    call = read_call(policy, sandbox, request)
    try:
        call.check_client()
        call.check_fields("token")
    except RefusedError as exc:
        raise _refuse(call, exc) from exc
    value = call.get("token")
    return call, grants.find_token(call.storage, value, provider=policy.slug)


def _refuse(call: Call, why: RefusedError) -> ApiRefusal:
    answer = call.refuse(why)
    return ApiRefusal(lambda _: answer)
