"""Calls that are alike are recorded a few times, every form of one at least once."""

import json
import random
from itertools import product
from pathlib import Path

import pytest

from sandbox.core.serving.record import MOST_ALIKE, Recorder, skeleton_of
from sandbox.core.serving.web import Request, Response
from tests.sandbox.wsgi_client import Client
from tests.support.provider_answers.described import (
    UndescribedError,
    apart,
    check_record,
    make_environ,
)

METHODS = ("GET", "POST")
ROUTES = ("/items", "/items/{id}")
QUERIES = ("", "a=1", "b=1", "a=1&b=2", "a=1&a=2&b=3")
BODIES = (
    b"",
    b"{}",
    b'{"q": 1}',
    b'{"q": "1"}',
    b'{"q": null}',
    b'{"q": true}',
    b'{"q": [1]}',
    b'{"q": [1, "1"]}',
    b'{"q": {"deep": [{"er": 1}]}}',
    b'{"q": {"deep": [{"er": 1}, {"other": 1}]}}',
)
ANSWERS = (200, b'{"rows": []}'), (200, b'{"rows": [1]}'), (404, b'{"rows": []}')


def form_of(method, route, query, body, status, answer):
    names = frozenset(part.partition("=")[0] for part in query.split("&") if part)
    told = skeleton_of(body.decode()), skeleton_of(answer.decode())
    return method, route, names, told, status


def recorded(path):
    found = []
    for line in path.read_text().splitlines():
        call = json.loads(line)
        address, _, query = call["url"].partition("?")
        route = ROUTES[address != ROUTES[0]]
        told = call["body"].encode(), call["status"], call["answer"].encode()
        found.append(form_of(call["method"], route, query, *told))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_form_of_a_call_is_left_out_however_often_others_are_made(
    tmp_path: Path, seed: int
) -> None:
    path, rng = tmp_path / "calls.jsonl", random.Random(seed)
    recorder = Recorder(path)
    made = [
        (*call, *answer)
        for call in product(METHODS, ROUTES, QUERIES, BODIES)
        for answer in ANSWERS
    ]
    frequent = made[:: len(made) // 20]
    calls = [*made, *(frequent * MOST_ALIKE * 2)]
    rng.shuffle(calls)
    for number, (method, route, query, body, status, answer) in enumerate(calls):
        address = f"{route.replace('{id}', str(number))}?{query}"
        request = Request(make_environ(method, address, body, {}, "application/json"))
        request.provider, request.route = "plain", route
        recorder.add(request, Response(status=status, body=answer))

    found = recorded(path)

    assert set(found) == {form_of(*call) for call in made}
    assert len(found) < len(calls)


def test_a_form_that_comes_behind_many_alike_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    recorder = Recorder(path)
    for number in range(MOST_ALIKE + 5):
        body = b'{"name": null}' if number == MOST_ALIKE + 4 else b'{"name": "a"}'
        request = Request(make_environ("POST", "/items", body, {}, "application/json"))
        request.provider, request.route = "plain", "/items"
        recorder.add(request, Response(body=b"{}"))

    assert len(path.read_text().splitlines()) == MOST_ALIKE + 1


def test_a_call_to_an_address_of_none_is_recorded(
    client: Client, tmp_path: Path
) -> None:
    app, path = client.app, tmp_path / "calls.jsonl"
    app.recorder = Recorder(path)

    app(make_environ("GET", "/hubspot/crm/v9/x", b"", {}, ""), lambda *_: None)

    with apart(), pytest.raises(UndescribedError, match="endpoint is not described"):
        check_record(path)
