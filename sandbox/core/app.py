"""Serve the sandbox: find the route, let faults strike, count, answer."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sandbox.control.routes import ROUTES as CONTROL_ROUTES
from sandbox.core.faults import Fault
from sandbox.core.state import Provider, Route, Sandbox
from sandbox.core.web import ApiRefusal, BadBodyError, Request, Response, to_text

NEVER_SENT = 0
NOT_SIMULATED = "The sandbox does not simulate this address.\n"


class Router:
    """Find the route of a request, first match first."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = [(_to_regex(route.path), route) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        """Return the matching route and its path parameters."""
        for pattern, route in self.routes:
            if route.method in (method, "*") and (match := pattern.fullmatch(path)):
                return route, match.groupdict()
        return None, {}


class App:
    """Answer WSGI requests out of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.control = Router(CONTROL_ROUTES)
        self.routers = {
            slug: Router(provider.routes)
            for slug, provider in sandbox.providers.items()
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = Request(environ)
        slug, _, rest = request.path.lstrip("/").partition("/")
        provider = self.sandbox.providers.get(slug)
        if provider is None:
            return self._answer_control(request).send(start_response)
        request.path, request.provider = f"/{rest}", slug
        return self._answer_as(provider, request).send(start_response)

    def _answer_control(self, request: Request) -> Response:
        route, request.params = self.control.find(request.method, request.path)
        if route is None:
            return to_text(NOT_SIMULATED, 404)
        return route.handler(self.sandbox, request)

    def _answer_as(self, provider: Provider, request: Request) -> Response:
        route, request.params = self.routers[provider.slug].find(
            request.method, request.path
        )
        if route is None:
            self._count(provider, None, request, 404)
            return to_text(NOT_SIMULATED, 404)
        try:
            response = self._run(provider, route, request)
        except ConnectionResetError:
            self._count(provider, route, request, NEVER_SENT)
            raise
        self._count(provider, route, request, response.status)
        return response

    def _run(self, provider: Provider, route: Route, request: Request) -> Response:
        request.route = route.path
        provider.identify(self.sandbox, request)
        faults = self.sandbox.faults.take(
            provider.slug, route.families.split(), request
        )
        response = self._strike_before(provider, faults, request)
        if response is None:
            response = self._handle(provider, route, request)
        for fault in faults:
            response = self._strike_after(provider, fault, request, response)
        provider.finish(self.sandbox, request, response)
        return response

    def _handle(self, provider: Provider, route: Route, request: Request) -> Response:
        try:
            return route.handler(self.sandbox, request)
        except BadBodyError:
            return provider.refuse(self.sandbox, request, 400, None)
        except ApiRefusal as refusal:
            return refusal.response

    def _strike_before(
        self, provider: Provider, faults: list[Fault], request: Request
    ) -> Response | None:
        response = None
        for fault in faults:
            kind = provider.faults_by_name.get(fault.kind)
            if response is None and kind is not None and kind.before is not None:
                self.sandbox.stats.count_fault(provider.slug, fault.kind)
                response = kind.before(self.sandbox, request, fault.params)
        return response

    def _strike_after(
        self, provider: Provider, fault: Fault, request: Request, response: Response
    ) -> Response:
        kind = provider.faults_by_name.get(fault.kind)
        if kind is None or kind.after is None:
            return response
        self.sandbox.stats.count_fault(provider.slug, fault.kind)
        copy = replace(response, headers=list(response.headers))
        return kind.after(self.sandbox, request, copy, fault.params)

    def _count(
        self,
        provider: Provider,
        route: Route | None,
        request: Request,
        status: int,
    ) -> None:
        self.sandbox.stats.count(
            provider=provider.slug,
            endpoint=route.name if route else "unknown",
            bucket=request.bucket or _bucket(route),
            account=request.account,
            status=status,
            now=self.sandbox.clock(),
        )


def make_app(sandbox: Sandbox) -> App:
    return App(sandbox)


def _bucket(route: Route | None) -> str:
    return route.families.split()[0] if route and route.families else "other"


def _to_regex(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
