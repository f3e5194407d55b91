"""Call a WSGI application in the same process, without a socket."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sandbox.core.serving.app import App
from sandbox.hubspot.seed.accounts import OPTIONAL_SCOPES, REQUIRED_SCOPES
from tests.support.provider_answers.described import check, make_environ

CLIENT = {"client_id": "sandbox-hubspot", "client_secret": "sandbox-secret-hubspot"}
ANA = "555111:4242"
TOKEN = "/hubspot/oauth/2026-09/token"


def make_authorization(slug: str, **own: str) -> dict[str, str]:
    """Return what an app asks consent with, as it is registered."""
    callback = f"http://localhost:8000/integrations/{slug}/oauth2callback"
    app = {"client_id": f"sandbox-{slug}", "redirect_uri": callback}
    return {**app, "response_type": "code", "state": "a-state-of-sixteen", **own}


def make_basic(client_id: str, secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{secret}".encode())
    return {"Authorization": f"Basic {pair.decode()}"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Hold what came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def query(self) -> dict[str, str]:
        """Return the fields of the address redirected to."""
        parsed = parse_qs(urlsplit(self.headers["Location"]).query)
        return {name: values[0] for name, values in parsed.items()}


class Clock:
    """Tell a time that only moves when told to, also by sleeping."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Client:
    """Send requests to the sandbox and walk its OAuth flow, HubSpot's first."""

    slug = "hubspot"
    authorize = "/hubspot/oauth/authorize"
    token = TOKEN
    authorization = make_authorization(
        "hubspot", scope=REQUIRED_SCOPES, optional_scope=OPTIONAL_SCOPES
    )
    identity = ANA
    allow = "connect"
    # How the name of what a person can pick begins on the consent page.
    choice = ""
    # An address that any live token opens.
    probe = "/hubspot/account-info/2026-09/details"
    # What the token endpoint is told in headers, in fields, and beside a code; whether
    # it takes JSON, and what names an error there.
    credentials: Mapping[str, str] = {}
    app_fields: Mapping[str, str] = CLIENT
    verifier: Mapping[str, str] = {}
    takes_json = False
    error_field = "error"

    def __init__(self, app: App, clock: Callable[[], float]) -> None:
        self.app, self.sandbox = app, app.sandbox
        self.clock: Any = clock
        self.headers: dict[str, str] = {}

    def call(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        kind: str = "application/json",
    ) -> Answer:
        raw = b""
        if form is not None:
            raw, kind = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        own = {**self.headers, **(headers or {})}
        environ = make_environ(method, url, raw, own, kind)
        is_honest = self.sandbox.storage.one("SELECT 1 FROM fault") is None
        started: list[tuple[str, list[tuple[str, str]]]] = []
        parts = self.app(environ, lambda status, sent: started.append((status, sent)))
        content = b"".join(parts)
        status, sent = int(started[0][0][:3]), dict(started[0][1])
        slug, _, rest = url.lstrip("/").partition("/")
        # A sandbox told to misbehave may say anything; what it accepts is described,
        # and so is how it refuses.
        if is_honest and slug in self.sandbox.providers:
            answer, is_refused = (status, content), status >= 300
            where = (slug, method, f"/{rest}", raw, kind)
            check(*where, answer=answer, may_be_odd=is_refused)
        return Answer(status=status, headers=sent, body=content)

    def get(self, url: str, **query: str | int) -> Answer:
        return self.call("GET", f"{url}?{urlencode(query)}" if query else url)

    def post(self, url: str, body: Any = None) -> Answer:
        return self.call("POST", url, body=body)

    def patch(self, url: str, body: Any) -> Answer:
        return self.call("PATCH", url, body=body)

    def delete(self, url: str) -> Answer:
        return self.call("DELETE", url)

    def command(self, name: str, /, **params: Any) -> dict[str, Any]:
        body = {"provider": self.slug, **params}
        answer = self.post(f"/control/api/{name}", body)
        assert answer.status == 200, answer.text
        return answer.data

    def query(self, name: str, /, **params: str | int) -> dict[str, Any]:
        answer = self.get(f"/control/api/{name}", **{"provider": self.slug, **params})
        assert answer.status == 200, answer.text
        return answer.data

    def switch(self, name: str, value: Any) -> None:
        self.command("switches/set", name=name, value=value)

    def switch_all(self, **values: Any) -> None:
        for name, value in values.items():
            self.switch(name, value)

    def fault(self, kind: str, family: str = "*", **params: Any) -> None:
        self.command("faults/add", kind=kind, family=family, **params)

    def picker(self, user: str = "") -> dict[str, bool]:
        """Return what the consent page offers a person, and whether it is ticked."""
        name = self.choice.format(user or self.identity.partition(":")[2])
        page = self.get(self.authorize, **self.authorization).text
        found = re.findall(f'name="{name}([^":]+)"( checked)?', page)
        return {thing: bool(ticked) for thing, ticked in found}

    def consent(
        self, identity: str = "", *, picked: Iterable[str] | None = None, **changes: str
    ) -> Answer:
        """Consent to what is picked, by default to what the page has ticked."""
        who = identity or self.identity
        user = who.partition(":")[2]
        if picked is None and self.choice:
            picked = [thing for thing, ticked in self.picker(user).items() if ticked]
        chosen = {f"{self.choice.format(user)}{thing}": "on" for thing in picked or ()}
        form = {**self.authorization, "identity": who, "action": self.allow}
        return self.call("POST", self.authorize, form={**form, **chosen, **changes})

    @property
    def proof(self) -> dict[str, str]:
        return {"redirect_uri": self.authorization["redirect_uri"], **self.verifier}

    def ask_token(
        self, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> Answer:
        sent = {**self.app_fields, **fields}
        form, body = (None, sent) if self.takes_json else (sent, None)
        given = {**self.credentials, **(headers or {})}
        return self.call("POST", self.token, form=form, body=body, headers=given)

    def exchange(self, code: str, **changes: Any) -> Answer:
        fields = {"grant_type": "authorization_code", "code": code, **self.proof}
        return self.ask_token({**fields, **changes})

    def refresh(self, refresh_token: str, **changes: Any) -> Answer:
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.ask_token({**fields, **changes})

    def connect(self, identity: str = "", **consent: Any) -> dict[str, Any]:
        """Give consent, exchange the code and use the token from now on."""
        code = self.consent(identity or self.identity, **consent).query["code"]
        tokens: dict[str, Any] = self.exchange(code).data
        self.use(tokens)
        return tokens

    def use(self, tokens: Mapping[str, Any]) -> None:
        self.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def works(self, tokens: Mapping[str, Any] | None = None) -> bool:
        """Return whether an access token, by default the one in use, is let in."""
        if tokens is not None:
            self.use(tokens)
        return self.get(self.probe).status == 200

    def get_error(self, answer: Answer) -> str:
        """Return what the token endpoint calls its error."""
        return str(answer.data[self.error_field])
