"""Without a description of its own, a connector shows values as they are."""

import pytest

from integrations.providers.connector import BaseConnector
from integrations.providers.typed.plain import plain


class Plain(BaseConnector):
    """Describe nothing by itself."""

    identify = fetch_page = None  # type: ignore[assignment]


def shown(properties: dict[str, object], *fields: dict[str, str]) -> dict[str, str]:
    described = Plain().describe(properties, {"fields": fields}, {})
    return {
        field.label: f"{type(field.value).__name__}: {plain(field.value)}"
        for field in described
    }


def test_json_types_are_kept_and_names_become_labels() -> None:
    properties = {
        "note": "Call back.",
        "call_count": 7,
        "is_open": False,
        "tags": ["a", "ä"],
    }

    assert shown(properties) == {
        "Note": "Text: Call back.",
        "Call count": "Number: 7",
        "Is open": "Boolean: No",
        "Tags": 'Text: ["a", "ä"]',
    }


def test_a_schema_labels_what_it_knows() -> None:
    known = {"name": "note", "label": "What to do"}

    assert shown({"note": "x", "other": "y"}, known) == {
        "What to do": "Text: x",
        "Other": "Text: y",
    }


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_what_is_empty_is_left_out(empty: object) -> None:
    assert shown({"note": empty}) == {}


def test_a_number_beyond_reason_is_shown_as_it_is() -> None:
    assert shown({"n": 1e308}) == {"N": "Text: 1e+308"}
