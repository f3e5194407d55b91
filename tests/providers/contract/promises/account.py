"""Promises about accounts: whose grant it is, what it may, and its own limits."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.http.errors import ApiError
from integrations.oauth.errors import OAuthError
from integrations.oauth.tokens import TokenSet, read_tokens
from integrations.providers.consistency import find_problems
from integrations.providers.records import FieldSpec, RemoteAccount
from tests.providers.contract import paths
from tests.providers.contract.case import Case
from tests.providers.scenario import make_settings

OTHER_MAIL = "somebody.else@example.net"
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]+")


def the_spec_works(case: Case) -> None:
    """The provider's own description passes the registry's check."""
    assert list(find_problems([case.connector])) == []
    assert case.new().settings.redirect_uri == (
        f"http://localhost:8000/integrations/{case.slug}/oauth2callback"
    )


def scopes_are_those_of_the_script(case: Case) -> None:
    """What is asked for is what an operator registers, each in plain words."""
    spec = case.connector.spec
    assert all(scope.description not in ("", scope.name) for scope in spec.scopes)
    assert list(spec.required_scopes()) == case.script["scopes"]["required"]
    assert list(spec.optional_scopes()) == case.script["scopes"]["optional"]
    config = spec.oauth_config(case.new().settings)
    url = config.authorization_url(
        state="s" * 43,
        scopes=spec.required_scopes(),
        optional_scopes=spec.optional_scopes(),
        code_challenge="c" * 43 if spec.pkce else "",
    )
    asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    for name, scopes in (
        ("scope", spec.required_scopes()),
        (spec.optional_scope_param, spec.optional_scopes()),
    ):
        assert asked.get(name, "") == " ".join(scopes)
    assert asked["response_type"] == "code"
    assert "client_secret" not in asked


def the_sandbox_stands_in(case: Case) -> None:
    """Without credentials every address is the sandbox's; with them, none is."""
    settings = case.connector.spec.from_environment(
        lambda _name: "",
        public_base_url="http://localhost:8000",
        sandbox_url="http://localhost:8100",
    )
    assert settings.is_sandbox
    for url in (settings.authorize_url, settings.token_url, settings.api_url):
        assert url.startswith(f"http://localhost:8100/{case.slug}")
    assert make_settings(case.connector.spec).is_sandbox is False


def an_account_is_found(case: Case) -> None:
    """The identity is the script's, the same every time, and holds no secret."""
    tokens = case.tokens
    first, again = identify(case, tokens), identify(case, tokens)
    assert first == again
    assert first.remote_id == case.account_id
    assert 0 < len(first.remote_id) <= 255
    assert "@" not in first.remote_id
    assert first.name
    assert len(first.name) <= 255
    assert first.details.items() >= case.script["account"].items()
    kept = json.dumps([first.remote_id, first.name, first.scopes, first.details])
    for secret in (tokens.access_token, tokens.refresh_token):
        assert secret is None or secret.reveal() not in kept
    assert "token-under-test" not in kept
    assert "client-secret" not in kept


def identify(
    case: Case, tokens: TokenSet, change: Callable[[Any], Any] = lambda body: body
) -> RemoteAccount:
    """Return the account; ``change`` alters each answer."""
    scenario = case.new()
    for route, names in case.script.get("identify", {}).items():
        for name in names:
            scenario.transport.on(route, change(scenario.load(name)))
    return case.identify(scenario, tokens)


def an_identity_survives_another_address(case: Case) -> None:
    """People change their e-mail address and their name, and stay who they are."""

    def change(body: Any) -> Any:
        for path, leaf in list(paths.walk(body)):
            if isinstance(leaf, str) and _MAIL.fullmatch(leaf):
                body = paths.put(body, path, OTHER_MAIL)
            elif path[-1] in {"name", "workspace_name", "portalName"}:
                body = paths.put(body, path, "Renamed")
        return body

    tokens = read_tokens(change(case.new().load(case.script["token"])))
    assert identify(case, tokens, change).remote_id == case.account_id


def an_odd_answer_is_no_identity(case: Case) -> None:
    """An answer about somebody that is odd is an error or adds nothing."""
    for odd in ({}, [], None, 7, b"<html>", {"id": None}, {"bot": 5}, {"scopes": 7}):
        try:
            account = identify(case, case.tokens, lambda _body, o=odd: o)
        except (ApiError, OAuthError):
            continue
        assert account.remote_id == case.account_id


def odd_parts_of_an_answer_are_no_identity(case: Case) -> None:
    """Any one part of an answer may be odd; who it is stays true or unknown."""
    for route, names in case.script.get("identify", {}).items():
        for path, leaf in list(paths.walk(case.new().load(names[0])))[:40]:
            for odd in (None, {}, "x" * 100_000, -1, True):
                changed = {route: (path, odd)}
                try:
                    account = identify_with(case, changed)
                except (ApiError, OAuthError):
                    continue
                is_part = str(leaf) in case.account_id
                assert account.remote_id == case.account_id or is_part
                assert len(account.remote_id) <= 255
                assert len(account.name) <= 255


def identify_with(
    case: Case, changed: dict[str, tuple[paths.Path, Any]]
) -> RemoteAccount:
    """Return the account, one leaf of the answer to one call changed."""
    scenario = case.new()
    for route, names in case.script["identify"].items():
        for name in names:
            body = scenario.load(name)
            if route in changed:
                body = paths.put(body, *changed[route])
            scenario.transport.on(route, body)
    return case.identify(scenario, case.tokens)


def limits_belong_to_one_account(case: Case) -> None:
    """Limits are stable, and no two accounts share one."""

    def limits(account_id: str) -> Any:
        return case.connector.limits(account_id, case.new().settings)

    ours, theirs = limits(case.account_id), limits(f"1{case.account_id}")
    assert ours
    assert ours == limits(case.account_id)
    assert {each.key for each in ours}.isdisjoint(each.key for each in theirs)
    assert all(each.key.startswith(f"{case.slug}:") for each in ours)
    rates = [[each.limit, each.seconds] for each in ours]
    assert rates == case.script["limits"]


def collections_are_complete(case: Case) -> None:
    """Collections have ids of their own, types with a name, and scopes that exist."""
    scenario = case.new()
    scenario.play(case.script.get("collections", {}))
    account = case.script["account"]
    found = scenario.connector.list_collections(scenario.api, account=account)
    assert scenario.transport.left == []
    assert sorted(each.remote_id for each in found) == case.script["found"]
    assert {each.item_type for each in found} <= set(case.connector.item_types)
    names = {scope.name for scope in case.connector.spec.scopes}
    for each in found:
        assert set(each.required_scopes) <= names
        assert 0 < len(each.name) <= 255
        assert json.loads(json.dumps(each.details)) == each.details


def odd_collections_are_errors(case: Case) -> None:
    """A list of collections of another shape is an error, or leaves nothing unsaid."""
    for route in case.script.get("collections", {}):
        for odd in ([], {}, None, b"<html>", {"results": 7}, {"bases": {}}):
            scenario = case.new()
            for name, answers in case.script["collections"].items():
                for answer in answers if name != route else [None] * 3:
                    body = odd if answer is None else scenario.load(answer)
                    scenario.transport.on(name, body)
            try:
                scenario.connector.list_collections(
                    scenario.api, account=case.script["account"]
                )
            except ApiError:
                continue
            raise AssertionError(f"{odd!r} is no list of collections")


def a_schema_labels_its_fields(case: Case) -> None:
    """A schema is JSON; each of its fields has a name and a label."""
    for entry in case.schema.get("fields", []):
        spec = FieldSpec(**entry)
        assert spec.name
        assert spec.label
        assert spec.kind


def odd_schemas_raise_no_python_error(case: Case) -> None:
    """Whatever a schema's answer is, it is read or it is an ApiError."""
    for route, names in case.script.get("schema", {}).items():
        for body in odd_bodies(case.new().load(names[0])):
            scenario = case.new()
            for name, answers in case.script["schema"].items():
                for answer in answers:
                    is_odd = name == route and answer == answers[0]
                    scenario.transport.on(
                        name, body if is_odd else scenario.load(answer)
                    )
            try:
                schema = scenario.connector.fetch_schema(
                    scenario.api, scenario.context()
                )
            except ApiError:
                continue
            assert json.loads(json.dumps(schema)) == schema


def odd_bodies(body: Any) -> Iterator[Any]:
    """Yield a body with one of its first leaves odd."""
    yield from ([], None, 7, b"<html>", {})
    for path, _ in list(paths.walk(body))[:30]:
        for odd in (None, 7, {}, [], "x" * 10_000):
            yield paths.put(body, path, odd)


def a_count_is_the_providers(case: Case) -> None:
    """A count is the recorded number of this collection, or there is none."""
    scenario = case.new()
    scenario.play(case.script.get("count", {}))
    assert case.count(scenario) == case.script.get("counted")
    for route, names in case.script.get("count", {}).items():
        for odd in (paths.MISSING, None, -1, "12", True, 1.5, {}):
            scenario = case.new()
            body = scenario.load(names[0])
            path = next(p for p, v in paths.walk(body) if v == case.script["counted"])
            scenario.transport.on(route, paths.put(body, path, odd))
            try:
                found = case.count(scenario)
            except ApiError:
                continue
            assert found is None


def a_readme_stands_beside(case: Case) -> None:
    """The folder has a README, and its answers hold no real secret."""
    folder = case.new().folder
    assert (folder.parent / "README.md").is_file()
    for path in folder.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        json.loads(text)
        assert not re.search(r"\b(pat-|eyJ|ntn_|patA|CI[0-9A-Za-z]{40})", text), path


PROMISES: tuple[Callable[[Case], None], ...] = (
    the_spec_works,
    scopes_are_those_of_the_script,
    the_sandbox_stands_in,
    an_account_is_found,
    an_identity_survives_another_address,
    an_odd_answer_is_no_identity,
    odd_parts_of_an_answer_are_no_identity,
    limits_belong_to_one_account,
    collections_are_complete,
    odd_collections_are_errors,
    a_schema_labels_its_fields,
    odd_schemas_raise_no_python_error,
    a_count_is_the_providers,
    a_readme_stands_beside,
)
