"""What `make validate` counts, tells and fails for."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.core.serving.record import Recorder
from sandbox.core.serving.web import Request, Response
from tests.support.provider_answers import report, tally
from tests.support.provider_answers.described import (
    UndescribedError,
    apart,
    check,
    check_record,
    list_explained,
    make_environ,
)

OWNERS = "/crm/owners/2026-09"
LINKS = "/crm/associations/2026-09/contacts/companies/batch/read"
NO_OWNERS = b'{"results":[],"paging":{"next":{"after":"7","link":"x"}}}'
TEXT = {"type": "string"}


def named(*required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object that names these keys and says of no others."""
    return {"type": "object", "required": [*required], "properties": properties}


def in_json(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


# Narrower than our own table, which so has nothing against what is asked below.
OFFICIAL = {
    "openapi": "3.0.1",
    "paths": {
        OWNERS: {
            "get": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}}
                ],
                "responses": {
                    "200": in_json(
                        named(
                            "results", "paging", results={}, paging={"type": "object"}
                        )
                    )
                },
            }
        },
        LINKS: {
            "post": {
                "requestBody": in_json(
                    named("inputs", inputs={"type": "array", "items": named(id=TEXT)})
                ),
                "responses": {"200": in_json({})},
            }
        },
    },
}


@pytest.fixture
def counts() -> Iterator[tally.Counts]:
    """Return what the test alone has counted."""
    with apart() as found:
        yield found


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let HubSpot have an official description of two endpoints."""
    folder = tmp_path / "descriptions" / "hubspot"
    folder.mkdir(parents=True)
    (folder / "crm.json").write_text(json.dumps(OFFICIAL))
    monkeypatch.setenv("API_DESCRIPTIONS", str(folder.parent))


DISAGREEMENTS = {
    "a parameter": (("GET", f"{OWNERS}?after=7"), None, "query.after"),
    "a body": (("POST", LINKS, b'{"inputs":[{"id":"1","after":"7"}]}'), None, "after"),
    "no body": (("POST", LINKS, b""), None, "inputs"),
    "a missing field": (("GET", OWNERS), (200, b'{"results":[]}'), "paging"),
    "an address": (("GET", "/crm/pipelines/2026-09/deals"), None, "the endpoint"),
    "one of none": (("GET", "/crm/nothing/2026-09"), None, "the endpoint"),
}


@pytest.mark.usefixtures("official")
@pytest.mark.parametrize("name", sorted(DISAGREEMENTS))
def test_a_disagreement_is_named_and_counted(counts: tally.Counts, name: str) -> None:
    call, answer, where = DISAGREEMENTS[name]

    with pytest.raises(UndescribedError, match=where):
        check("hubspot", *call, answer=answer)

    (told,) = counts["disagreements"]
    assert told.startswith(f"hubspot {call[0]} /crm/")
    assert where in told
    assert not counts["calls"]


@pytest.mark.usefixtures("official")
def test_what_is_described_is_counted_and_its_form_once(counts: tally.Counts) -> None:
    for limit in (1, 2, 2):
        check("hubspot", "GET", f"{OWNERS}?limit={limit}", answer=(200, NO_OWNERS))
    check("hubspot", "GET", OWNERS, answer=(200, NO_OWNERS), may_be_odd=True)

    owners = "hubspot GET /crm/owners/{v}"
    assert counts["calls"] == {owners: 3}
    assert counts["answers"] == {owners: 4}
    assert len(counts["forms"]) == 2
    assert not counts["disagreements"]


@pytest.mark.usefixtures("official")
def test_what_is_explained_is_counted_and_no_failure(counts: tally.Counts) -> None:
    refused = b"not simulated"

    check("hubspot", "GET", OWNERS, answer=(404, refused))

    assert list(counts["explained"]) == [
        "hubspot GET /crm/owners/{v} answer: the status 404 has no JSON"
    ]
    assert not counts["disagreements"]


def test_a_call_without_a_description_is_counted(counts: tally.Counts) -> None:
    answer = 200, b'{"bases":[]}'

    check("airtable", "GET", "/v0/meta/bases", answer=answer)

    assert counts["calls"] == counts["answers"]
    assert counts["calls"] == {"airtable GET /v0/meta/bases": 1}


def test_what_a_test_gets_wrong_on_purpose_is_left_out(counts: tally.Counts) -> None:
    with apart() as inside, pytest.raises(UndescribedError):
        check("hubspot", "GET", f"{OWNERS}?size=1")

    assert inside["disagreements"]
    assert not counts["disagreements"]


def test_what_several_processes_count_is_added_up(
    counts: tally.Counts, tmp_path: Path
) -> None:
    tally.add("calls", "hubspot GET /a")
    tally.save(str(tmp_path / "tally"))
    tally.add("calls", "hubspot GET /a")
    tally.add("forms", "hubspot GET /a 7")
    tally.save(str(tmp_path / "tally"))
    tally.save("")

    found = tally.load(tmp_path / "tally")

    assert found == {"calls": {"hubspot GET /a": 3}, "forms": {"hubspot GET /a 7": 1}}


def make_call(url: str) -> Request:
    request = Request(make_environ("GET", url, b"", {}, ""))
    request.provider, request.route = "hubspot", "/crm/owners/{v}"
    return request


def test_a_sandbox_that_was_killed_loses_no_more_than_its_last_call(
    counts: tally.Counts, tmp_path: Path
) -> None:
    path = tmp_path / "calls.jsonl"
    Recorder(path).add(make_call(OWNERS), Response(body=NO_OWNERS))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    Recorder(path).add(make_call(f"{OWNERS}?limit=1"), Response(body=NO_OWNERS))

    check_record(path)

    assert counts["calls"].total() == 2


def test_all_that_a_record_has_wrong_is_told(
    counts: tally.Counts, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "calls.jsonl")
    for name in ("size", "limit", "sort"):
        recorder.add(make_call(f"{OWNERS}?{name}=1"), Response(body=NO_OWNERS))

    with pytest.raises(UndescribedError, match=r"query\.size(.|\n)*query\.sort"):
        check_record(tmp_path / "calls.jsonl")

    assert counts["calls"].total() == 1
    assert len(counts["disagreements"]) == 2


@pytest.fixture
def counted() -> dict[str, Counter[str]]:
    """Return what a run counts in which all explanations are needed and enough."""
    needed = [each.replace("*", "x").replace("?", "0") for each in list_explained()]
    return {
        "calls": Counter({"hubspot GET /a": 1200, "hubspot GET /b": 34, "notion P": 5}),
        "answers": Counter({"hubspot GET /a": 7, "hubspot GET /c": 1}),
        "forms": Counter({"hubspot GET /a 1": 9, "hubspot GET /b 2": 1}),
        "explained": Counter(needed),
    }


def make_report(counted: Any, tmp_path: Path) -> tuple[int, str]:
    """Return what the command ends with, and the page that it wrote."""
    folder, page = tmp_path / "tally", tmp_path / "page.md"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(counted))
    return report.main(str(folder), "these tests", page=page), page.read_text()


def test_the_report_has_a_row_for_each_provider(counted: Any, tmp_path: Path) -> None:
    code, page = make_report(counted, tmp_path)

    assert code == 0
    assert "Of these tests, on " in page
    assert "\n| hubspot | 3 | 1,234 | 8 | 2 |\n| notion | 1 | 5 | 0 | 0 |\n" in page
    assert "\nNot explained: 0.\n" in page
    assert all(f"\n| `{each}` | 1 |\n" in page for each in list_explained())


def test_a_disagreement_that_is_not_explained_fails_and_is_told(
    counted: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = "notion GET /v1/users query.size: is not described"

    code, page = make_report({**counted, "disagreements": Counter([odd])}, tmp_path)

    assert code == 1
    assert odd in capsys.readouterr().out
    assert f"\nNot explained: 1.\n\n- `{odd}`\n" in page


def test_an_explanation_of_nothing_fails_and_is_told(
    counted: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unused, *_ = list_explained()
    first, *_ = counted["explained"]
    del counted["explained"][first]

    code, page = make_report(counted, tmp_path)

    assert code == 1
    assert unused in capsys.readouterr().out
    assert f"\n| `{unused}` | 0 |\n" in page


def test_a_run_that_counted_nothing_fails(tmp_path: Path) -> None:
    counted = {"explained": Counter(list_explained())}

    assert make_report(counted, tmp_path)[0] == 1
