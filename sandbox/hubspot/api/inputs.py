"""Read what most calls name: a type the caller may use, a JSON body, its inputs."""

from typing import Any

from sandbox.core.web import Request
from sandbox.hubspot.api.auth import Caller, read_type
from sandbox.hubspot.api.errors import invalid
from sandbox.hubspot.seed.accounts import TYPES


def enter(request: Request, caller: Caller, action: str) -> str:
    """Return the object type of a path, if the grant has the scope for it."""
    type_id = read_type(request)
    require(caller, type_id, action)
    return type_id


def require(caller: Caller, type_id: str, action: str) -> None:
    """Refuse a caller whose grant lacks the scope for this type of record."""
    caller.require_any(f"crm.objects.{TYPES[type_id]}.{action}")


def read_body(request: Request) -> dict[str, Any]:
    """Return a JSON object from the body."""
    body = request.json()
    if not isinstance(body, dict):
        raise invalid(request, "Invalid input JSON on line 1, column 1: not an object")
    return body


def read_inputs(request: Request, body: dict[str, Any], highest: int) -> list[str]:
    """Return the ids of a batch body."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(
        isinstance(item, dict) and "id" in item for item in inputs
    ):
        raise invalid(request, "inputs must be a list of objects with an id")
    if len(inputs) > highest:
        message = f"The maximum number of inputs supported in a batch is {highest}"
        raise invalid(request, message)
    return [str(item["id"]) for item in inputs]


def read_names(request: Request, body: dict[str, Any], field: str) -> str:
    """Return the property names of a body as a comma list."""
    names = body.get(field) or []
    if not isinstance(names, list):
        raise invalid(request, f"{field} must be a list")
    return ",".join(str(name) for name in names)
