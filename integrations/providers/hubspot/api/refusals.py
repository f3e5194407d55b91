"""Read which values of a write HubSpot refuses, and which record is in its way."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from integrations.http.errors import (
    AlreadyExists,
    ApiError,
    InvalidRequest,
    NotFound,
    RefusedValue,
    Server,
    ValuesRefused,
)
from integrations.http.observability.redaction import one_line
from integrations.http.responses.classify import error_detail
from integrations.providers.writing import Refusal

# https://developers.hubspot.com/docs/api-reference/error-handling
REFUSALS: Final = {
    "PROPERTY_DOESNT_EXIST": Refusal.UNKNOWN_FIELD,
    "READ_ONLY_VALUE": Refusal.READ_ONLY,
    "INVALID_OPTION": Refusal.INVALID_OPTION,
    "INVALID_EMAIL": Refusal.INVALID_EMAIL,
    "INVALID_INTEGER": Refusal.INVALID_NUMBER,
    "INVALID_LONG": Refusal.INVALID_DATE,
    "INVALID_DATE": Refusal.INVALID_DATE,
    "MISSING_REQUIRED_PROPERTY": Refusal.REQUIRED,
    "MISSING_CONDITIONAL_REQUIRED_PROPERTY": Refusal.REQUIRED,
}
MAX_REFUSED: Final = 500
MAX_FIELD_NAME: Final = 200
CONFLICT: Final = 409
# The id stands in the text only.
_EXISTING: Final = re.compile(r"Existing ID: (\d{1,20})", re.ASCII)
_LISTED: Final = re.compile(r"Property values were not valid: (\[.*\])", re.DOTALL)


def refused_write(error: InvalidRequest, body: dict[str, Any]) -> InvalidRequest | None:
    """Return the refusal of a write that a body tells of, None for any other."""
    message = body.get("message")
    text = message if isinstance(message, str) else ""
    if error.status == CONFLICT:
        found = _EXISTING.search(text)
        remote_id = found[1] if found else ""
        return AlreadyExists(
            error.message,
            remote_id=remote_id,
            status=error.status,
            code=error.code,
            detail=error.detail,
        )
    if values := list(_refused(body, text))[:MAX_REFUSED]:
        return ValuesRefused(
            error.message,
            values=values,
            status=error.status,
            code=error.code,
            detail=error.detail,
        )
    return None


def refused_inputs(body: dict[str, Any]) -> dict[str, ApiError]:
    """Return why inputs of a batch were refused, by their ids.

    Each was sent with its id as its trace id; an error names it by either.
    """
    errors = body.get("errors")
    found: dict[str, ApiError] = {}
    for entry in errors if isinstance(errors, list) else ():
        context = entry.get("context") if isinstance(entry, dict) else None
        if not isinstance(context, dict):
            continue
        error = _of_input(entry)
        for name in ("ids", "objectWriteTraceId"):
            told = context.get(name)
            for each in told if isinstance(told, list) else ():
                if isinstance(each, str):
                    found.setdefault(each, error)
    return found


def _of_input(entry: dict[str, Any]) -> ApiError:
    category = entry.get("category")
    code = category if isinstance(category, str) else ""
    if code == "OBJECT_NOT_FOUND":
        return NotFound("the record is not there", code=code)
    if code not in ("", "CONFLICT", "VALIDATION_ERROR"):
        return Server("the record could not be written now", code=code)
    status = CONFLICT if code == "CONFLICT" else 400
    error = InvalidRequest(
        "the record was refused", status=status, code=code, detail=error_detail(entry)
    )
    return refused_write(error, entry) or error


def _refused(body: dict[str, Any], text: str) -> Iterator[RefusedValue]:
    """Yield the refused values: from the list of errors, else from the message."""
    errors = body.get("errors")
    is_told = False
    for entry in errors if isinstance(errors, list) else ():
        for value in _of_entry(entry):
            is_told = True
            yield value
    if not is_told and (found := _LISTED.search(text)):
        yield from _of_message(found[1])


def _of_entry(entry: object) -> Iterator[RefusedValue]:
    if not isinstance(entry, dict):
        return
    context = entry.get("context")
    names = context.get("propertyName") if isinstance(context, dict) else None
    for name in names if isinstance(names, list) else ():
        yield from _to_value(name, entry.get("code"), entry.get("message"))


def _of_message(text: str) -> Iterator[RefusedValue]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield from _to_value(
                entry.get("name"), entry.get("error"), entry.get("message")
            )


def _to_value(name: object, code: object, message: object) -> Iterator[RefusedValue]:
    if isinstance(name, str) and name:
        refusal = REFUSALS.get(code, Refusal.INVALID) if isinstance(code, str) else ""
        words = one_line(message) if isinstance(message, str) else ""
        yield RefusedValue(
            name=name[:MAX_FIELD_NAME],
            code=str(refusal or Refusal.INVALID),
            message=words,
        )
