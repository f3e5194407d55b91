"""Plan a table that has every type of field, and one that nobody knows yet."""

from typing import Any

from sandbox.airtable.seed import words
from sandbox.airtable.seed.plans import (
    Draft,
    FieldPlan,
    TablePlan,
    attach,
    choices,
    plain,
    show_person,
)

COLOURS = ("Red", "Grün", "أزرق", "<i>none</i>")
DATE = {"dateFormat": {"name": "local", "format": "l"}}
TIME = {
    **DATE,
    "timeFormat": {"name": "12hour", "format": "h:mma"},
    "timeZone": "client",
}
# A date whose calendar day differs between time zones.
EDGES = (
    "2026-03-29T00:59:59.999Z",
    "2026-12-31T23:30:00.000Z",
    "1969-12-31T12:00:00.000Z",
)
NUMBERS = (0, -1, 0.1, 1e-7, 12_345_678_901_234, -0.005, 1 / 3)


def _make_name(draft: Draft) -> str | None:
    if draft.number % 20 == 3:
        return words.ODD_VALUES[draft.number // 20 % len(words.ODD_VALUES)]
    return None if draft.number % 20 == 5 else f"Every field {draft.number}"


def _make_formula(draft: Draft) -> Any:
    broken = (
        {"error": "#ERROR!"},
        {"specialValue": "NaN"},
        {"specialValue": "Infinity"},
    )
    return (
        broken[draft.number // 10 % 3] if draft.number % 10 == 4 else draft.number / 4
    )


def _make_ai(draft: Draft) -> dict[str, Any]:
    if draft.number % 5 == 2:
        return {
            "state": "error",
            "errorType": "emptyDependency",
            "isStale": True,
            "value": None,
        }
    return {"state": "generated", "value": words.NOTE, "isStale": False}


def _plan(key: str, name: str, kind: str, options: Any, cell: Any = None) -> FieldPlan:
    return FieldPlan(key=key, name=name, type=kind, options=options, cell=cell)


def _computed(kind: str, result: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"isValid": True, **more, "result": {"type": kind, **result}}


FRIENDS = {
    "linkedTableId": "@every.",
    "isReversed": False,
    "prefersSingleRecordLink": False,
}
THROUGH = {
    "recordLinkFieldId": "@friends",
    "fieldIdInLinkedTable": "@number",
    "referencedFieldIds": ["@friends"],
}
WHOLE = {"options": {"precision": 0}}

FIELDS = (
    plain("name", "Name", "singleLineText", _make_name),
    plain("long", "Long text", "multilineText", lambda d: words.NOTE * d.whole(3)),
    plain("rich", "Rich text", "richText", lambda _: words.MARKDOWN),
    plain("mail", "Mail", "email", lambda d: f"e{d.number}@every.example"),
    plain(
        "link",
        "Address",
        "url",
        lambda d: d.pick(("https://example.com/ä?b=1", "javascript:alert(1)")),
    ),
    plain("phone", "Phone", "phoneNumber", lambda _: "(555) 010-9999"),
    _plan(
        "one", "Colour", "singleSelect", choices(*COLOURS), lambda d: d.pick(COLOURS)
    ),
    _plan(
        "some",
        "Colours",
        "multipleSelects",
        choices(*COLOURS),
        lambda d: d.rng.sample(COLOURS, d.whole(4)),
    ),
    plain("user", "Owner", "singleCollaborator", Draft.person),
    plain(
        "users",
        "Team",
        "multipleCollaborators",
        lambda d: [show_person(p) for p in d.people],
    ),
    FieldPlan(
        key="friends",
        name="Friends",
        type="multipleRecordLinks",
        options=FRIENDS,
        to="every",
        most=3,
    ),
    _plan("number", "Number", "number", {"precision": 8}, lambda d: d.pick(NUMBERS)),
    _plan(
        "percent",
        "Percent",
        "percent",
        {"precision": 1},
        lambda d: d.whole(1500) / 1000,
    ),
    _plan(
        "money",
        "Money",
        "currency",
        {"precision": 2, "symbol": "﷼"},
        lambda d: d.whole(9999) / 100,
    ),
    _plan(
        "stars",
        "Stars",
        "rating",
        {"icon": "star", "max": 5, "color": "yellowBright"},
        lambda d: d.whole(5) or None,
    ),
    _plan(
        "time",
        "Duration",
        "duration",
        {"durationFormat": "h:mm:ss.SSS"},
        lambda d: d.whole(10**6) / 8,
    ),
    _plan("date", "Date", "date", DATE, Draft.day),
    _plan("when", "Moment", "dateTime", TIME, lambda d: d.pick(EDGES)),
    _plan(
        "tick",
        "Tick",
        "checkbox",
        {"icon": "xCheckbox", "color": "redBright"},
        lambda d: d.number % 2 == 0,
    ),
    _plan(
        "files",
        "Files",
        "multipleAttachments",
        {"isReversed": False},
        lambda d: attach(d, d.whole(3)),
    ),
    plain(
        "code",
        "Barcode",
        "barcode",
        lambda d: {"text": f"{d.whole(10**12)}", "type": "ean13"},
    ),
    plain(
        "button",
        "Button",
        "button",
        lambda _: {"label": "Open", "url": "https://example.com/"},
    ),
    _plan(
        "ai",
        "Summary",
        "aiText",
        {
            "prompt": ["Sum up ", {"field": {"fieldId": "@long"}}],
            "referencedFieldIds": ["@long"],
        },
        _make_ai,
    ),
    _plan(
        "formula",
        "Formula",
        "formula",
        _computed(
            "number", WHOLE, formula="{@number}/0", referencedFieldIds=["@number"]
        ),
        _make_formula,
    ),
    _plan(
        "count",
        "How many friends",
        "count",
        {"isValid": True, "recordLinkFieldId": "@friends"},
    ),
    _plan(
        "rollup",
        "Sum",
        "rollup",
        _computed("number", WHOLE, **THROUGH),
        lambda d: d.whole(99),
    ),
    _plan(
        "lookup",
        "Numbers of friends",
        "multipleLookupValues",
        _computed("number", WHOLE, **THROUGH),
        lambda _: [1, None, 2.5],
    ),
    _plan("auto", "Row", "autoNumber", {}, lambda d: d.number + 1),
    plain("maker", "Made by", "createdBy", Draft.person),
    plain("changer", "Changed by", "lastModifiedBy", Draft.person),
    _plan(
        "made", "Made", "createdTime", {"result": {"type": "dateTime", "options": TIME}}
    ),
    _plan(
        "changed",
        "Changed",
        "lastModifiedTime",
        {
            "isValid": True,
            "referencedFieldIds": [],
            "result": {"type": "dateTime", "options": TIME},
        },
    ),
    _plan(
        "source",
        "Source",
        "externalSyncSource",
        choices("Sheet A", "Sheet B"),
        lambda _: "Sheet A",
    ),
    plain("place", "Order by hand", "manualSort", lambda d: f"a{d.number:05d}"),
    # A type Airtable has not told anybody about yet.
    plain("future", "Hologram", "holographicCell", lambda d: {"depth": d.number}),
)
EVERYTHING = TablePlan(
    key="every",
    name="Every kind of field",
    size=300,
    fields=FIELDS,
    views=(
        ("Grid view", "grid", ""),
        ("Gallery", "gallery", "files"),
        ("Board", "kanban", "one"),
        ("Form", "form", ""),
    ),
)
