"""Read HubSpot's error bodies: which scope is missing, how long to wait."""

from typing import Any, Final

from integrations.http.errors import (
    DAILY_QUOTA,
    ApiError,
    Forbidden,
    InvalidRequest,
    RateLimited,
    Server,
)
from integrations.http.responses.classify import (
    default_classify,
    error_body,
    error_code,
    error_detail,
)
from integrations.http.sending.transport import Response
from integrations.providers.hubspot.api.refusals import refused_write

# https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
WAIT_BY_POLICY: Final = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": 900.0}
MISSING_SCOPES: Final = "MISSING_SCOPES"
LOCKED_WAIT: Final = 2.0
MAX_SCOPES: Final = 50


def classify(response: Response) -> ApiError | None:
    """Return the error that an answer stands for, None for a success."""
    error = default_classify(response)
    if error is None:
        return None
    body = error_body(response)
    if "correctHublet" in body:
        return _wrong_data_centre(response, body)
    if isinstance(error, Forbidden):
        error.missing_scopes = _missing_scopes(body)
        error.lacks_scope = bool(error.missing_scopes) or error.code == MISSING_SCOPES
    if isinstance(error, InvalidRequest):
        return refused_write(error, body) or error
    if isinstance(error, RateLimited):
        policy = str(body.get("policyName"))
        if policy == "DAILY":
            error.code = DAILY_QUOTA
        if error.retry_after is None:
            error.retry_after = WAIT_BY_POLICY.get(policy)
    if isinstance(error, Server) and response.status == 423:
        error.retry_after = max(error.retry_after or 0.0, LOCKED_WAIT)
    return error


def _wrong_data_centre(response: Response, body: dict[str, Any]) -> Server:
    """Treat an account that is sought in the wrong place as a passing trouble."""
    return Server(
        "HubSpot looked for the account in another data centre",
        status=response.status,
        code=error_code(body),
        detail=error_detail(body),
    )


def _missing_scopes(body: dict[str, Any]) -> tuple[str, ...]:
    errors = body.get("errors")
    names: dict[str, None] = {}
    for entry in errors if isinstance(errors, list) else ():
        context = entry.get("context") if isinstance(entry, dict) else None
        found = (
            context.get("requiredGranularScopes") if isinstance(context, dict) else None
        )
        for name in found if isinstance(found, list) else ():
            if isinstance(name, str) and 0 < len(name) <= 200:
                names[name] = None
    return tuple(names)[:MAX_SCOPES]
