"""Talk to a provider's simulator as the product does: consent, tokens, listings."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

from integrations.http.client import ApiClient
from integrations.http.secrets import Secret
from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.oauth.client import OAuthClient
from integrations.oauth.config import code_challenge, new_code_verifier
from integrations.oauth.tokens import TokenSet
from integrations.providers.connector import BaseConnector, CollectionContext, NewGrant
from integrations.providers.records import RemoteAccount, RemoteCollection
from tests.providers.scenario import FreeLimiter, Scenario
from tests.sandbox.wsgi_client import Client
from tests.support.provider_answers.sandbox_transport import BASE, SandboxTransport

# What the share of a page or a lagging index needs to be seen.
WHILE = 120.0


class ConsentForm(HTMLParser):
    """The fields of a consent page as they stand, and the button that allows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {key: value or "" for key, value in attrs}
        kind = told.get("type", "")
        is_ticked = kind in {"radio", "checkbox"} and "checked" in told
        if tag == "input" and (kind == "hidden" or is_ticked):
            self.fields.append((told["name"], told.get("value", "on")))
        if tag == "button" and told.get("class") == "main":
            self.fields.append((told["name"], told["value"]))

    def value(self, name: str) -> str:
        """Return the value of one field."""
        return dict(self.fields)[name]


class TickingTransport(SandboxTransport):
    """Let a second pass with every call, as limits would make it."""

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer from the sandbox, a second later."""
        self.client.clock.now += 1.0
        return super().send(request, timeouts, max_bytes)


class Simulation:
    """One connector, and the simulator it is pointed at."""

    def __init__(self, connector: BaseConnector, client: Client) -> None:
        self.connector = connector
        self.client = client
        self.script = Scenario(connector.spec.slug, connector).script
        self.settings = connector.spec.from_environment(
            lambda _name: "", public_base_url="http://localhost:8000", sandbox_url=BASE
        )
        self.transport: SandboxTransport = TickingTransport(client)
        self.oauth = OAuthClient(
            config=connector.spec.oauth_config(self.settings), transport=self.transport
        )
        self.tokens: TokenSet
        self.account: RemoteAccount
        self.account_id = ""

    def connect(self) -> None:
        """Give consent, exchange the code and find out whose grant it is."""
        spec = self.connector.spec
        verifier = new_code_verifier() if spec.pkce else None
        address = self.oauth.config.authorization_url(
            state="s" * 43,
            scopes=spec.required_scopes(),
            optional_scopes=spec.optional_scopes(),
            code_challenge=code_challenge(verifier) if verifier else "",
        )
        answer = self.consent(address.removeprefix(BASE))
        assert answer["state"] == "s" * 43
        code = Secret(answer["code"])
        self.tokens = self.oauth.exchange(code=code, code_verifier=verifier)
        self.account = self.connector.identify(
            NewGrant(
                tokens=self.tokens,
                api=self.api,
                oauth=self.oauth,
                settings=self.settings,
            )
        )
        self.client.clock.now += WHILE

    def consent(self, address: str) -> dict[str, str]:
        """Submit the consent page as it stands; return what is sent back."""
        page = self.client.call("GET", address)
        assert page.status == 200, page.text
        form = ConsentForm(page.text)
        self.account_id = form.value("identity").partition(":")[0]
        answer = self.client.call(
            "POST",
            urlsplit(address).path,
            body=urlencode(form.fields).encode(),
            kind="application/x-www-form-urlencoded",
        )
        assert answer.status in {302, 303}, answer.text
        assert answer.headers["Location"].startswith(self.settings.redirect_uri)
        return answer.query

    @property
    def api(self) -> ApiClient:
        """Return a client with the newest token."""
        return ApiClient(
            base_url=self.settings.api_url,
            token=lambda: self.tokens.access_token,
            transport=self.transport,
            limiter=FreeLimiter(),
            limits=self.connector.limits("account", self.settings),
            headers=self.connector.headers(self.settings),
            classify=self.connector.classify,
            sleep=lambda _seconds: None,
        )

    def collections(self) -> list[RemoteCollection]:
        """Return what the connector finds in the account."""
        account = self.account.details
        return [*self.connector.list_collections(self.api, account=account)]

    def context(self, remote_id: str) -> CollectionContext:
        """Return the context of a collection."""
        return CollectionContext(
            remote_id=remote_id,
            name=remote_id,
            account_id=self.account.remote_id,
            account=self.account.details,
            schema={},
            version=self.settings.version,
        )

    def command(self, name: str, **params: Any) -> dict[str, Any]:
        """Change something on the control page, in the account connected to."""
        told = {"provider": self.connector.spec.slug, "account": self.account_id}
        return self.client.command(name, **told, **params)

    def inventory(self) -> set[str]:
        """Return the ids of everything that the grant can see."""
        slug, account = self.connector.spec.slug, self.account_id
        told = self.client.query(
            "inventory", provider=slug, account=account, with_ids=1
        )
        return set(_ids_in(told))


def _ids_in(told: Any) -> list[str]:
    if isinstance(told, list):
        return [each for value in told for each in _ids_in(value)]
    if not isinstance(told, dict):
        return []
    own = [str(each) for each in told.get("id_list", ())]
    return own + [each for value in told.values() for each in _ids_in(value)]
