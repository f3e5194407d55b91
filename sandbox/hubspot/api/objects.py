"""Show records the way HubSpot does: in a list, alone and in a batch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.serving.web import Response, to_json
from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.hubspot.api.calls import READ, Call, api
from sandbox.hubspot.api.errors import make_error, not_found, refuse
from sandbox.hubspot.seed.accounts import ALIASES, BY_ID, MODIFIED, SINGULAR, TYPES
from sandbox.hubspot.seed.definitions import ALWAYS, DEFAULTS, choose_properties
from sandbox.hubspot.seed.tables import LABELS, PRIMARY, TYPE_IDS

MAX_PAGE, MAX_WITH_HISTORY, MAX_ASSOCIATIONS = 100, 50, 100


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What an answer shows of each record."""

    names: list[str]
    history: list[str]
    associations: list[str]


def read_shape(
    call: Call, asked: Mapping[str, Any], always: Sequence[str] = ()
) -> Shape:
    """Read what is wanted of records; no properties named are the default ones."""
    others = [ALIASES.get(name, "") for name in _read_names(asked, "associations")]
    for other in others:
        if (call.type, other) not in TYPE_IDS:
            raise refuse("One or more associations are invalid")
        call.require(other, READ)
    names = _read_names(asked, "properties") or DEFAULTS[call.type]
    history = _read_names(asked, "propertiesWithHistory")
    return Shape(
        names=choose_properties(call.definitions, [*names, *always]),
        history=choose_properties(call.definitions, history),
        associations=others,
    )


def _read_names(asked: Mapping[str, Any], field: str) -> list[str]:
    return [name.strip() for name in asked.get(field) or ()]


def _read_query(call: Call, always: Sequence[str] = ()) -> Shape:
    query = {n: text.split(",") for n, text in call.request.query.items() if text}
    return read_shape(call, query, always)


@api(READ)
def list_objects(call: Call) -> dict[str, Any]:
    shape = _read_query(call, ALWAYS)
    highest = MAX_WITH_HISTORY if shape.history else MAX_PAGE
    limit = call.read_limit(default=10, highest=highest)
    rows = call.records.list_page(call.after, limit + 1, archived=call.is_archived)
    results = to_objects(call, rows[:limit], shape)
    if len(rows) <= limit:
        return {"results": results}
    # A cursor is the next possible id, which need not be that of a record.
    return {"results": results, **_to_paging(call, "", rows[limit - 1]["id"] + 1)}


@api(READ)
def show_object(call: Call) -> dict[str, Any]:
    """Return one record; a merged-away id answers with the record it became."""
    shape, name = _read_query(call), call.request.query.get("idProperty", "")
    if name in ("", "hs_object_id"):
        row = call.records.find_current(call.id, archived=call.is_archived)
    else:
        row = call.records.find_by(name, call.request.params["id"])
    if row is None:
        raise not_found()
    return to_objects(call, [row], shape)[0]


@api(READ)
def read_batch(call: Call) -> Response:
    """Return up to a hundred records; missing ones turn the answer into a 207."""
    ids = dict.fromkeys(str(item["id"]) for item in call.read_inputs(MAX_PAGE))
    shape = read_shape(call, {**call.body, "associations": None})
    if shape.history and len(ids) > MAX_WITH_HISTORY:
        raise refuse(f"at most {MAX_WITH_HISTORY} inputs with history")
    name = str(call.body.get("idProperty") or "")
    found = {text: call.records.find_by(name, text) for text in ids}
    rows = [row for row in found.values() if row]
    missing = [text for text, row in found.items() if row is None]
    message = "Could not get some objects, they may be deleted or not exist."
    more: dict[str, Any] = {"context": {"ids": missing}, "errors": [], "links": {}}
    errors = [make_error(message, "OBJECT_NOT_FOUND", **more)] if missing else []
    return to_batch(call, to_objects(call, rows, shape), errors)


def to_batch(
    call: Call, results: list[Any], errors: Sequence[Any] = (), status: int = 200
) -> Response:
    now = to_short_iso(call.sandbox.now_ms)
    times = {"startedAt": now, "completedAt": now}
    answer = {"status": "COMPLETE", "results": results, **times}
    if not errors:
        return to_json(answer, status)
    return to_json({**answer, "numErrors": len(errors), "errors": errors}, 207)


def to_objects(call: Call, rows: list[Row], shape: Shape) -> list[dict[str, Any]]:
    """Show records; one without associations of a type has no such key."""
    shown = {row["id"]: _to_object(call, row, shape) for row in rows}
    for other in shape.associations:
        for record_id, links in call.records.find_links(other, list(shown)).items():
            groups = shown[record_id].setdefault("associations", {})
            groups[TYPES[other]] = _to_group(call, record_id, other, links)
    return list(shown.values())


def _to_object(call: Call, row: Row, shape: Shape) -> dict[str, Any]:
    values = json.loads(row["properties"])
    domain = BY_ID[call.portal].details["uiDomain"]
    path = f"contacts/{call.portal}/record/{call.type}/{row['id']}"
    shown = {
        "id": str(row["id"]),
        "properties": {name: values.get(name) for name in shape.names},
        "createdAt": values["createdate"],
        "updatedAt": values[MODIFIED[call.type]],
        "archived": bool(row["archived"]),
        "url": f"https://{domain}/{path}",
    }
    if row["archived"]:
        shown["archivedAt"] = to_short_iso(row["archived_at"])
    if shape.history:
        told = {name: _get_history(call, row, values, name) for name in shape.history}
        shown["propertiesWithHistory"] = told
    return shown


def _get_history(
    call: Call, row: Row, values: dict[str, str], name: str
) -> list[dict[str, str]]:
    changes = call.sandbox.storage.all(
        "SELECT * FROM hubspot_history WHERE record = ? AND name = ?"
        " ORDER BY at DESC, rowid DESC",
        *(row["key"], name),
    )
    versions = [(c["value"], to_short_iso(c["at"]), c["source"]) for c in changes]
    first = changes[-1]["old"] if changes else values.get(name)
    if first is not None:
        versions.append((first, values["createdate"], "IMPORT"))
    fields = ("value", "timestamp", "sourceType")
    return [dict(zip(fields, version, strict=True)) for version in versions]


def _to_group(
    call: Call, record_id: int, other: str, links: list[Row]
) -> dict[str, Any]:
    name = f"{SINGULAR[call.type]}_to_{SINGULAR[other]}"
    plain = f"{name}_unlabeled" if len(TYPE_IDS[call.type, other]) > 1 else name
    # A list names a label by its internal name, which is no type of HubSpot's own.
    labels = {kind: label.lower().replace(" ", "_") for kind, label in LABELS.items()}
    names = dict.fromkeys(PRIMARY, name) | labels
    entries = [
        {"id": str(link["to_id"]), "type": names.get(kind, plain)}
        for link in links[:MAX_ASSOCIATIONS]
        for kind in json.loads(link["kinds"])
    ]
    if len(links) <= MAX_ASSOCIATIONS:
        return {"results": entries}
    path = f"/{record_id}/associations/{TYPES[other]}"
    paging = _to_paging(call, path, links[MAX_ASSOCIATIONS]["to_id"])
    return {"results": entries, **paging}


def _to_paging(call: Call, path: str, after: int) -> dict[str, Any]:
    base = f"{call.request.origin}/hubspot/crm/v3/objects/{TYPES[call.type]}{path}"
    return {"paging": {"next": {"after": str(after), "link": f"{base}?after={after}"}}}
