"""Promises about what is sent: where to, with which words, and never a secret."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from integrations.http.errors import ApiError
from integrations.http.sending.transport import Request
from tests.providers.contract.case import Case, sent
from tests.providers.contract.promises.by_id import fetch_chosen
from tests.providers.scenario import Scenario
from tests.support.provider_answers.fake_transport import sent_headers

TOKEN = "token-under-test"


def every_step(case: Case) -> Iterator[tuple[str, Scenario]]:
    """Play each step of the script, and yield what was sent in it."""
    for step in case.steps():
        scenario = case.new()
        case.read_all(step, scenario)
        yield step, scenario
    if "by_id" in case.script:
        scenario = case.new()
        scenario.play(case.script["by_id"]["answers"])
        fetch_chosen(case, scenario)
        yield "by_id", scenario
    yield "identify", identified(case)
    for step, ask in (
        ("collections", ask_collections),
        ("schema", ask_schema),
        ("count", ask_count),
    ):
        scenario = case.new()
        scenario.play(case.script.get(step, {}))
        ask(case, scenario)
        assert scenario.transport.left == [], f"{step}: a call was never made"
        yield step, scenario


def identified(case: Case) -> Scenario:
    """Find out whose grant it is, and return the scenario."""
    scenario = case.new()
    scenario.play(case.script.get("identify", {}))
    case.identify(scenario, case.tokens)
    return scenario


def ask_collections(case: Case, scenario: Scenario) -> Any:
    """Ask for the collections of the account."""
    account = case.script["account"]
    return scenario.connector.list_collections(scenario.api, account=account)


def ask_schema(case: Case, scenario: Scenario) -> Any:
    """Ask for the schema of the collection."""
    return scenario.connector.fetch_schema(scenario.api, scenario.context())


def ask_count(case: Case, scenario: Scenario) -> Any:
    """Ask for the count of the collection."""
    return case.count(scenario)


def calls_say_what_is_written(case: Case) -> None:
    """Each call is the one in the script: path, query and body, nothing else."""
    written: Mapping[str, Any] = case.script["sent"]
    for step, scenario in every_step(case):
        calls = [to_call(request) for request in scenario.transport.requests]
        assert calls == written.get(step, []), step


def to_call(request: Request) -> dict[str, Any]:
    """Return a request as a script writes it; what is empty is left out."""
    told = {"call": f"{request.method} {urlsplit(request.url).path}", **sent(request)}
    secrets = {"token", "client_secret"}
    for part in ("form", "json"):
        if isinstance(told.get(part), dict):
            told[part] = {k: v for k, v in told[part].items() if k not in secrets}
    return {key: value for key, value in told.items() if value}


def a_token_goes_to_the_api_alone(case: Case) -> None:
    """Every call of the API carries the token in its header, and nowhere else."""
    for step, scenario in every_step(case):
        api, config = urlsplit(scenario.settings.api_url), scenario.oauth.config
        own = {config.token_url, config.introspect_url, config.revoke_url}
        for request in scenario.transport.requests:
            headers = sent_headers(request)
            url = urlsplit(request.url)
            assert TOKEN not in request.url, step
            assert "client-secret" not in request.url, step
            assert TOKEN.encode() not in (request.body or b""), step
            if request.url in own:
                assert TOKEN not in str(headers)
                continue
            assert (url.scheme, url.netloc) == (api.scheme, api.netloc), step
            assert url.path.startswith(f"{api.path}/"), step
            assert headers["Authorization"] == f"Bearer {TOKEN}"
            others = {k: v for k, v in headers.items() if k != "Authorization"}
            assert TOKEN not in str(others), step


def every_call_obeys_a_limit(case: Case) -> None:
    """No call of the API is made without asking a limit that names this provider."""
    for step, scenario in every_step(case):
        calls = [r for r in scenario.transport.requests if is_api(scenario, r)]
        if step == "identify":
            continue
        assert len(scenario.limiter.asked) == len(calls), step
        for keys in scenario.limiter.asked:
            assert keys, step
            assert all(key.startswith(f"{case.slug}:") for key in keys), step


def is_api(scenario: Scenario, request: Request) -> bool:
    """Tell a call of the API from one of the token endpoints."""
    config = scenario.oauth.config
    return request.url not in {config.token_url, config.introspect_url}


def the_version_is_the_operators(case: Case) -> None:
    """A version that an operator configured stands in every call, path or header."""
    spec = case.connector.spec
    if not spec.version_env:
        return
    settings = replace(case.new().settings, version="2031-03")
    for fetch in (case.connector.fetch_page, case.connector.fetch_deleted):
        scenario = case.new()
        scenario.api.headers = scenario.connector.headers(settings)
        scenario.transport.refuse_all(status=418)
        with suppress(ApiError):
            fetch(scenario.api, scenario.context(version="2031-03"), cursor=None)
        for request in scenario.transport.requests:
            assert "2031-03" in request.url + str(sent_headers(request))


def a_listing_only_reads(case: Case) -> None:
    """Nothing that a sync asks for changes anything at the provider."""
    for step, scenario in every_step(case):
        for request in scenario.transport.requests:
            assert request.method in {"GET", "POST"}, step


PROMISES: tuple[Callable[[Case], None], ...] = (
    calls_say_what_is_written,
    a_token_goes_to_the_api_alone,
    every_call_obeys_a_limit,
    the_version_is_the_operators,
    a_listing_only_reads,
)
