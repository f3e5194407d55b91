"""Tell whether a token is active, and revoke tokens."""

from sandbox.core.state import Sandbox
from sandbox.core.web import ApiRefusal, Request, Response
from sandbox.oauth import grants
from sandbox.oauth.client import (
    check_client,
    get_required,
    read_fields,
    refuse_undescribed,
)
from sandbox.oauth.policy import Policy
from sandbox.oauth.refusals import RefusedError


def introspect(policy: Policy, sandbox: Sandbox, request: Request) -> Response:
    found = _find_token(policy, sandbox, request)
    if found is None or not found.is_live(sandbox.clock()):
        return policy.answer(request, {"active": False})
    return policy.answer(request, policy.describe_token(sandbox, found))


def revoke(policy: Policy, sandbox: Sandbox, request: Request) -> Response:
    """End the grant of a token; tokens of other kinds may live until they expire."""
    token = _find_token(policy, sandbox, request)
    if token and token.kind not in policy.revocable:
        raise _refuse(policy, sandbox, request, RefusedError("token_kind"))
    if token and not token.is_revoked:
        with sandbox.storage.write():
            grants.end_grant(
                sandbox.storage,
                token.grant_id,
                reason="revoked by the app",
                now=sandbox.clock(),
                kinds=policy.ended,
            )
            policy.end(sandbox, token)
    return policy.answer(request, {})


def _find_token(
    policy: Policy, sandbox: Sandbox, request: Request
) -> grants.Token | None:
    policy.admit(request)
    try:
        fields = read_fields(policy, request)
        check_client(policy, sandbox, request, fields)
        value = get_required(fields, "token")
        refuse_undescribed(sandbox, request)
    except RefusedError as exc:
        raise _refuse(policy, sandbox, request, exc) from exc
    return grants.find_token(sandbox.storage, value, provider=policy.slug)


def _refuse(
    policy: Policy, sandbox: Sandbox, request: Request, why: RefusedError
) -> ApiRefusal:
    refusal = policy.get_refusal(why.reason).fill(why.detail)
    answer = policy.answer_error(sandbox, request, refusal)
    return ApiRefusal(lambda _: answer)
