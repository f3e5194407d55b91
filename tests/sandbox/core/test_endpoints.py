"""The sandbox takes and answers what its tables of endpoints describe, no more."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.core.serving.endpoints import Endpoints
from sandbox.providers import PROVIDERS
from tests.support.provider_answers import described, descriptions

BY_SLUG = {provider.slug: provider for provider in PROVIDERS}
IN_PATHS = {"v": "2026-09", "type": "contacts", "from": "contacts", "to": "companies"}
WORDS = {
    "string": "aaaaaaaa-0000-4000-8000-000000000001",
    "time": "2026-11-20T10:00:00.000Z",
    "integer": 7,
    "number": 7,
    "boolean": True,
    "null": None,
    "any": {},
}


@pytest.mark.parametrize("slug", sorted(BY_SLUG))
def test_the_table_has_each_endpoint_that_is_answered(slug: str) -> None:
    provider = BY_SLUG[slug]
    # Consent is a page for people.
    api = {route.name for route in provider.routes if route.families != "consent"}

    assert api == set(provider.endpoints.calls)


SEARCH = "/hubspot/crm/objects/2026-09/contacts/search"
CALLS = [
    ("connected", "GET", "/hubspot/crm/objects/2026-09/contacts?sort=id", None),
    ("connected", "GET", "/hubspot/crm/objects/2026-09/contacts?limit=many", None),
    ("connected", "GET", "/hubspot/crm/owners/2026-09?limit=5&limit=6", None),
    ("connected", "POST", SEARCH, {"q": 1}),
    ("connected", "POST", SEARCH, {"limit": "1"}),
    ("connected", "POST", "/hubspot/crm/objects/2026-09/deals/batch/read", {}),
    ("harbour", "GET", "/airtable/v0/meta/bases?pageSize=5", None),
    ("harbour", "GET", "/airtable/v0/meta/whoami?verbose=true", None),
    ("lantern", "POST", "/notion/v1/search", {"archived": True}),
    ("lantern", "POST", "/notion/v1/search", {"sort": {"property": "title"}}),
    ("lantern", "GET", "/notion/v1/users?start_cursor=a&size=5", None),
    ("lantern", "GET", "/notion/v1/users/me?full=1", None),
]


@pytest.mark.parametrize(("who", "method", "url", "body"), CALLS)
def test_what_an_endpoint_does_not_take_is_refused(
    request: pytest.FixtureRequest, who: str, method: str, url: str, body: Any
) -> None:
    answer = request.getfixturevalue(who).call(method, url, body=body)

    assert answer.status == (422 if who == "harbour" else 400), answer.text


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "refresh_token", "refresh_token": "x", "audience": "y"},
        {"grant_type": "authorization_code", "code": "x", "refresh_token": "y"},
    ],
)
def test_a_field_that_no_token_request_has_is_refused(flow: Any, form: Any) -> None:
    answer = flow.ask_token({**flow.proof, **form} if "code" in form else form)

    assert flow.get_error(answer) == "invalid_request"


def test_an_answer_that_is_not_as_described_is_noticed() -> None:
    url = "/crm/pipelines/2026-09/deals"

    described.check("hubspot", "GET", url, answer=(200, b'{"results":[]}'))

    for odd in (b'{"results":[{}]}', b'{"results":[],"more":1}', b'{"results":{}}'):
        with described.apart(), pytest.raises(described.UndescribedError):
            described.check("hubspot", "GET", url, answer=(200, odd))
    with described.apart(), pytest.raises(described.UndescribedError):
        described.check("hubspot", "GET", url, answer=(201, b'{"results":[]}'))


def make_samples(table: Endpoints, shape: Any, key: str = "") -> list[Any]:
    """Return values of a shape: the least, the most, and each alternative."""
    if isinstance(shape, list):
        return [[], *([one] for one in make_samples(table, shape[0]))]
    if isinstance(shape, Mapping):
        return make_objects(table, shape)
    if shape in table.types:
        return make_samples(table, table.types[shape])
    if "|" in shape:
        alternatives = shape.split("|")
        return [one for word in alternatives for one in make_samples(table, word, key)]
    if shape.startswith("="):
        return [shape[1:]]
    return ["default"] if key == "color" else [WORDS[shape]]


def make_objects(table: Endpoints, shape: Mapping[str, Any]) -> list[Any]:
    """Return objects of a shape; of one that may hold anything there is none."""
    if shape.get("*") == "any" and len(shape) > 1:
        return []
    named = {key: each for key, each in shape.items() if key != "*"}
    made = {key: make_samples(table, each, key) for key, each in named.items()}
    if any(not each and not key.endswith("?") for key, each in made.items()):
        return []
    most = {key.removesuffix("?"): each[0] for key, each in made.items() if each}
    least = {key: most[key] for key in made if not key.endswith("?")}
    others = [
        {**most, key.removesuffix("?"): other}
        for key, each in made.items()
        for other in each[1:]
    ]
    return [least, most, *others]


def compare(slug: str, name: str) -> Iterator[str]:
    """Yield where a row of the table is not as the official description says."""
    table, call = BY_SLUG[slug].endpoints, BY_SLUG[slug].endpoints.calls[name]
    method, path = name.split(" ")
    for part in ("v", "type", "from", "to"):
        path = path.replace(f"{{{part}}}", IN_PATHS[part])
    operation = descriptions.find_operation(slug, method, path)
    if operation is None:
        yield "the endpoint is not described"
        return
    query = call.get("query", {})
    names = table.types[query] if isinstance(query, str) else query
    for key in names:
        if key.removesuffix("?").removesuffix("[]") not in operation.parameters:
            yield f"query.{key.removesuffix('?')}: is not described"
    for kind, media in operation.node.get("requestBody", {}).get("content", {}).items():
        shape = call.get("form" if "form" in kind else "body")
        for value in make_samples(table, shape) if shape else ():
            yield from operation.check(value, media["schema"], "body")
    for status, shape in call["answer"].items():
        content = operation.node["responses"].get(status, {}).get("content", {})
        for media in content.values():
            for value in make_samples(table, shape) if shape else ():
                yield from operation.check(value, media["schema"], "answer")


@pytest.mark.parametrize("slug", sorted(BY_SLUG))
def test_the_table_says_what_the_official_descriptions_say(slug: str) -> None:
    if not descriptions.find_directory():
        pytest.skip("API_DESCRIPTIONS names no directory of official descriptions")
    if not descriptions.list_operations(slug):
        pytest.skip(f"API_DESCRIPTIONS has no description of {slug}")

    found = {
        f"{slug} {name} {problem}"
        for name in BY_SLUG[slug].endpoints.calls
        for problem in compare(slug, name)
    }

    assert sorted(each for each in found if not described.is_explained(each)) == []
