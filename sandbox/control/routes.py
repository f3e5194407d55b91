"""List the addresses of the control pages and of their JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.control.commands import get_provider, run_command
from sandbox.control.pages import show_overview, show_provider
from sandbox.control.queries import QUERIES
from sandbox.core.provider import CommandError
from sandbox.core.serving.web import (
    ApiRefusal,
    BadBodyError,
    Request,
    Response,
    redirect,
    to_json,
    to_text,
)
from sandbox.core.state import Route, Sandbox

STYLE = (Path(__file__).parent.parent / "assets" / "sandbox.css").read_bytes()
BAD_COMMANDS = (CommandError, ApiRefusal, BadBodyError, ValueError)
ELSEWHERE = "this command came from another site"


def answer_query(sandbox: Sandbox, request: Request) -> Response:
    """Answer a query; whatever is not common is the provider's own."""
    name, params = request.params["query"], _rename(request.query)
    try:
        query = QUERIES.get(name) or get_provider(sandbox, params).queries.get(name)
        if query is None:
            return to_json({"error": "no such query"}, 404)
        return to_json(query(sandbox, params))
    except BAD_COMMANDS as exc:
        return to_json({"error": str(exc)}, 400)


def take_command(sandbox: Sandbox, request: Request) -> Response:
    if not _is_own_origin(request):
        return to_json({"error": ELSEWHERE}, 403)
    try:
        body = request.json() if request.body else {}
        if not isinstance(body, dict):
            raise CommandError("a command is a JSON object")
        return to_json(run_command(sandbox, _get_name(request), _rename(body)))
    except BAD_COMMANDS as exc:
        return to_json({"error": str(exc)}, 400)


def take_form(sandbox: Sandbox, request: Request) -> Response:
    if not _is_own_origin(request):
        return to_text(f"{ELSEWHERE}\n", 403)
    form = _rename(request.form)
    try:
        result = run_command(sandbox, _get_name(request), form)
        fields = {"done": _to_words(result)}
    except BAD_COMMANDS as exc:
        fields = {"failed": str(exc)}
    page = form.get("provider", "")
    page = page if page in sandbox.providers else ""
    return redirect(f"/control/{page}?{urlencode(fields)}", 303)


def send_style(sandbox: Sandbox, request: Request) -> Response:
    headers = [("Cache-Control", "no-cache")]
    return Response(body=STYLE, content_type="text/css;charset=utf-8", headers=headers)


def _get_name(request: Request) -> str:
    return "/".join(request.params[key] for key in sorted(request.params))


def _rename(params: Mapping[str, Any]) -> dict[str, Any]:
    """Accept the providers' own words for an account as well."""
    renamed = dict(params)
    for word in ("portal", "workspace"):
        if word in renamed:
            renamed.setdefault("account", str(renamed.pop(word)))
    return renamed


def _is_own_origin(request: Request) -> bool:
    """Refuse commands other web pages make a browser send."""
    origin = request.header("Origin")
    return not origin or urlsplit(origin).netloc == request.header("Host")


def _to_words(result: Mapping[str, Any]) -> str:
    shown = {k: v for k, v in result.items() if isinstance(v, (str, int, float, bool))}
    return ", ".join(f"{name} {value}" for name, value in shown.items()) or "Done"


ROUTES = (
    Route("GET", "/", show_overview),
    Route("GET", "/control", show_overview),
    Route("GET", "/control/", show_overview),
    Route("GET", "/control/{provider}", show_provider),
    Route("GET", "/control/api/{query}", answer_query),
    Route("POST", "/control/api/{a}", take_command),
    Route("POST", "/control/api/{a}/{b}", take_command),
    Route("POST", "/control/do/{a}", take_form),
    Route("POST", "/control/do/{a}/{b}", take_form),
    Route("GET", "/assets/sandbox.css", send_style),
)
