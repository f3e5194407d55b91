"""Serve the sandbox: find the route, let faults strike, count, answer."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.control.routes import ROUTES as CONTROL_ROUTES
from sandbox.core.serving.record import Recorder
from sandbox.core.serving.web import (
    NOT_SIMULATED,
    ApiRefusal,
    BadBodyError,
    Request,
    Response,
    to_text,
)
from sandbox.core.state import Provider, Route, Sandbox, find_route

NEVER_SENT = 0
CUT_OFF = "The body ended before its announced length.\n"


class App:
    """Answer WSGI requests out of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        record = sandbox.config.environ.get("SANDBOX_RECORD")
        self.recorder = Recorder(Path(record)) if record else None

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = Request(environ)
        slug, _, rest = request.path.lstrip("/").partition("/")
        provider = self.sandbox.providers.get(slug)
        if provider is not None:
            if request.is_cut_off:
                # Nobody hears it, and no server takes half a request for a whole one.
                return to_text(CUT_OFF, 400).send(start_response)
            request.path, request.provider = f"/{rest}", slug
            return self._answer_as(provider, request).send(start_response)
        route = find_route(CONTROL_ROUTES, request)
        response = to_text(NOT_SIMULATED, 404)
        if route is not None:
            response = route.handler(self.sandbox, request)
        return response.send(start_response)

    def _answer_as(self, provider: Provider, request: Request) -> Response:
        route, status = find_route(provider.routes, request), NEVER_SENT
        families = route.families.split() if route else []
        try:
            response = to_text(NOT_SIMULATED, 404)
            if route is not None:
                response = self._run(provider, route, request)
            elif self.recorder:
                self.recorder.add(request, response)
            status = response.status
        finally:
            self.sandbox.stats.count(
                provider=provider.slug,
                endpoint=route.name if route else "unknown",
                bucket=request.bucket or next(iter(families), "other"),
                account=request.account,
                status=status,
                now=self.sandbox.clock(),
            )
        return response

    def _run(self, provider: Provider, route: Route, request: Request) -> Response:
        provider.identify(self.sandbox, request)
        faults = self.sandbox.faults.take(
            provider.slug, route.families.split(), request
        )
        striking = [
            (provider.faults_by_name[fault["kind"]], fault["params"])
            for fault in faults
            if fault["kind"] in provider.faults_by_name
        ]
        response = None
        for kind, params in striking:
            if response is None and kind.before is not None:
                self.sandbox.stats.count_fault(provider.slug, kind.name)
                response = kind.before(self.sandbox, request, params)
        if response is None:
            response = self._handle(provider, route, request)
        for kind, params in striking:
            if kind.after is not None:
                self.sandbox.stats.count_fault(provider.slug, kind.name)
                copy = replace(response, headers=list(response.headers))
                response = kind.after(self.sandbox, request, copy, params)
        provider.finish(self.sandbox, request, response)
        if self.recorder:
            self.recorder.add(request, None if striking else response)
        return response

    def _handle(self, provider: Provider, route: Route, request: Request) -> Response:
        try:
            return route.handler(self.sandbox, request)
        except BadBodyError:
            return provider.refuse(self.sandbox, request, 400, None)
        except ApiRefusal as refusal:
            return refusal.answer(request)
