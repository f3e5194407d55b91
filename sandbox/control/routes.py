"""List the addresses of the control page and of its JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from sandbox.control.commands import find_action
from sandbox.control.pages import show_control
from sandbox.control.queries import QUESTIONS
from sandbox.core.provider import OrderError
from sandbox.core.web import (
    BadBodyError,
    Request,
    Response,
    Route,
    redirect,
    to_json,
    to_text,
)

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

STYLE = (Path(__file__).parent.parent / "assets" / "sandbox.css").read_bytes()
BAD_ORDERS = (OrderError, BadBodyError, ValueError)


def answer_question(sandbox: "Sandbox", request: Request) -> Response:
    """Answer a question in JSON."""
    question = QUESTIONS.get(request.params["question"])
    if question is None:
        return to_json({"error": "no such question"}, 404)
    try:
        return to_json(question(sandbox, _rename(request.query)))
    except BAD_ORDERS as exc:
        return to_json({"error": str(exc)}, 400)


def take_order(sandbox: "Sandbox", request: Request) -> Response:
    """Carry out an order sent as JSON."""
    action = find_action(_get_name(request))
    if not _is_own_origin(request):
        return to_json({"error": "this order came from another site"}, 403)
    try:
        body = request.json() if request.body else {}
        if not isinstance(body, dict):
            raise OrderError("an order is a JSON object")
        return to_json(action(sandbox, _rename(body)))
    except BAD_ORDERS as exc:
        return to_json({"error": str(exc)}, 400)


def take_form(sandbox: "Sandbox", request: Request) -> Response:
    """Carry out an order sent by a form, and go back to the page."""
    action = find_action(_get_name(request))
    if not _is_own_origin(request):
        return to_text("this order came from another site\n", 403)
    try:
        result = action(sandbox, _rename(request.form))
        fields = {"done": _to_words(result)}
    except BAD_ORDERS as exc:
        fields = {"failed": str(exc)}
    return redirect(f"/control/?{urlencode(fields)}", 303)


def send_style(sandbox: "Sandbox", request: Request) -> Response:
    """Send the style sheet."""
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
    """Refuse orders other web pages make a browser send."""
    origin = request.header("Origin")
    return not origin or urlsplit(origin).netloc == request.header("Host")


def _to_words(result: Mapping[str, Any]) -> str:
    shown = {k: v for k, v in result.items() if isinstance(v, (str, int, float, bool))}
    return ", ".join(f"{name} {value}" for name, value in shown.items()) or "Done"


def _post(path: str) -> tuple[Route, Route]:
    return (
        Route(method="POST", path=f"/control/api/{path}", handler=take_order),
        Route(method="POST", path=f"/control/do/{path}", handler=take_form),
    )


ROUTES = (
    Route(method="GET", path="/", handler=show_control),
    Route(method="GET", path="/control/", handler=show_control),
    Route(method="GET", path="/control", handler=show_control),
    Route(method="GET", path="/control/api/{question}", handler=answer_question),
    *_post("{a}"),
    *_post("{a}/{b}"),
    Route(method="GET", path="/assets/sandbox.css", handler=send_style),
)
