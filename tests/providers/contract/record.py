"""Write into a provider's ``contract.json`` what its connector does with it now.

``python -m tests.providers.contract.record SLUG`` keeps what a person wrote (the
account, the calls and their answers, where a listing has its parts) and replaces the
rest; what changed is for a person to read in the diff before it is committed.
"""

import sys
from typing import Any

from integrations.providers import CONNECTORS
from integrations.providers.connector import BaseConnector
from tests.providers.contract.case import STEPS, Case, as_json
from tests.providers.contract.promises.display import (
    describe,
    first_properties,
    in_words,
)
from tests.providers.contract.promises.requests import every_step, to_call
from tests.providers.contract.promises.rows import deleted_by
from tests.providers.contract.writing import write


def record(connector: BaseConnector) -> str:
    """Return the script with what is recorded of it."""
    case = Case(connector)
    script = dict(case.script)
    case.script = script
    first = as_json(case.items[0])
    script["first_item"] = {k: v for k, v in first.items() if k != "properties"}
    shown = describe(case, first_properties(case))
    script["first_shown"] = [[field.label, in_words(field)] for field in shown]
    script["scopes"] = {
        "required": list(connector.spec.required_scopes()),
        "optional": list(connector.spec.optional_scopes()),
    }
    limits = connector.limits(case.account_id, case.new().settings)
    script["limits"] = [[each.limit, each.seconds] for each in limits]
    script |= recorded_answers(case)
    return write(script)


def recorded_answers(case: Case) -> dict[str, Any]:
    """Return what each step sends, and what it finds."""
    told: dict[str, Any] = {"sent": {}}
    for step, scenario in every_step(case):
        calls = [to_call(request) for request in scenario.transport.requests]
        if calls:
            told["sent"][step] = calls
    scenario = case.new()
    scenario.play(case.script.get("collections", {}))
    account = case.script["account"]
    found = case.connector.list_collections(scenario.api, account=account)
    told["found"] = sorted(each.remote_id for each in found)
    scenario = case.new()
    scenario.play(case.script.get("count", {}))
    if (count := case.count(scenario)) is not None:
        told["counted"] = count
    deleted = {step: ids for step in STEPS if (ids := deleted_by(case, step))}
    return told | ({"deleted": deleted} if deleted else {})


if __name__ == "__main__":
    for slug in sys.argv[1:]:
        path = Case(CONNECTORS[slug]).new().folder / "contract.json"
        path.write_text(record(CONNECTORS[slug]), encoding="utf-8")
