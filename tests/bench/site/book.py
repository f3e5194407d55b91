"""Answer for any number of records by those of a few: renumbered.

Lists are recorded pages with other ids, made by joining strings. Whoever asks for a
record, or for the links of one, is told what the sandbox says of the one recorded.
What is searched for is how many there are, and the first ones, which have changed.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from tests.sandbox.wsgi_client import Answer, Client

PAGE = 100
RECORDED = 10
FIRST_IDS = {"contacts": 7 * 10**10, "companies": 8 * 10**10, "deals": 9 * 10**10}
KIND = f"({'|'.join(FIRST_IDS)})"
LIST = re.compile(rf"/hubspot/crm/objects/[^/]+/{KIND}")
SEARCH = re.compile(rf"/hubspot/crm/objects/[^/]+/{KIND}/search")
ONE = re.compile(rf"/hubspot/crm/objects/[^/]+/{KIND}/(\d+)")
BATCH = re.compile(
    rf"/hubspot/crm/(?:objects|associations)/[^/]+/{KIND}(?:/[^/]+)?/batch/read"
)
MARK = "@@id@@"


class Book:
    """Answer lists from recorded pages, and all else from the sandbox.

    ``sizes`` has the kinds of which there are so many; others are the sandbox's own.
    Of contacts the first ``changed`` have changed at ``changed_at``.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.lock = threading.Lock()
        self.sizes = {"contacts": PAGE}
        self.changed, self.changed_at = 0, datetime.now(UTC)
        self.latency = 0.0
        self.calls: Counter[str] = Counter()
        self.arrivals: list[float] = []
        self.asked: Counter[tuple[str, int]] = Counter()
        self._recorded: dict[str, list[list[str]]] = {}
        self._originals: dict[str, list[str]] = {}

    def page(self, path: str, query: dict[str, str], headers: dict[str, str]) -> bytes:
        """Return one page of the list; its cursor is its number."""
        kind = path.rpartition("/")[2]
        number = int(query.pop("after", "0"))
        key = f"{kind}?{urlencode(query)}"
        with self.lock:
            self.asked[kind, number] += 1
            if key not in self._recorded:
                self._recorded[key] = list(self._record(path, query, headers))
        rows = self._recorded[key][number % RECORDED * PAGE :][:PAGE]
        first = FIRST_IDS[kind] + number * PAGE
        results = ",".join(str(first + i).join(row) for i, row in enumerate(rows))
        is_last = (number + 1) * PAGE >= self.sizes[kind]
        paging = "" if is_last else f',"paging":{{"next":{{"after":"{number + 1}"}}}}'
        return f'{{"results":[{results}]{paging}}}'.encode()

    def search(self, kind: str, body: bytes) -> Any:
        """Tell how many there are, or which have changed, behind an id."""
        asked = json.loads(body)
        filters = [one for group in asked["filterGroups"] for one in group["filters"]]
        values = {one["operator"]: int(one["value"]) for one in filters}
        if not values:
            return {"total": self.sizes[kind], "results": []}
        is_new = values["GTE"] <= self.changed_at.timestamp() * 1000
        end = FIRST_IDS[kind] + (self.changed if is_new and kind == "contacts" else 0)
        ids = range(max(FIRST_IDS[kind], values.get("GT", 0) + 1), end)
        told = {"updatedAt": _stamp(self.changed_at), "archived": False}
        results = [
            {"id": str(each), "properties": {"hs_object_id": str(each)}, **told}
            for each in islice(ids, asked["limit"])
        ]
        more = len(ids) > len(results)
        paging = {"paging": {"next": {"after": str(len(results))}}} if more else {}
        return {"total": len(ids), "results": results, **paging}

    def translated(
        self, method: str, url: str, body: bytes, headers: dict[str, str]
    ) -> Answer:
        """Let the sandbox answer for the records that some ids were made from."""
        if one := ONE.search(url):
            kind, remote_id = one.groups()
            original = self._original(kind, remote_id)
            url = url.replace(remote_id, original)
            answer = self.forward(method, url, b"", headers)
            return _told(answer, self._as_it_is(kind, answer.data, remote_id))
        batch = BATCH.search(url)
        assert batch
        kind, order = batch[1], json.loads(body)
        given = [each["id"] for each in order["inputs"]]
        asked = {each: self._original(kind, each) for each in given}
        order["inputs"] = [{"id": each} for each in dict.fromkeys(asked.values())]
        answer = self.forward(method, url, json.dumps(order).encode(), headers)
        found = {_id_of(each): each for each in answer.data["results"]}
        known = {each: found[real] for each, real in asked.items() if real in found}
        results = [self._as_it_is(kind, record, each) for each, record in known.items()]
        return _told(answer, {**answer.data, "results": results})

    def _original(self, kind: str, remote_id: str) -> str:
        """Return the id of the recorded one that a record was made from."""
        number = int(remote_id) - FIRST_IDS[kind]
        if not 0 <= number < self.sizes.get(kind, 0) or kind not in self._originals:
            return remote_id
        page, place = divmod(number, PAGE)
        return self._originals[kind][page % RECORDED * PAGE + place]

    def _as_it_is(
        self, kind: str, record: dict[str, Any], remote_id: str
    ) -> dict[str, Any]:
        """Return a record with another id, and changed if it is one of the first."""
        told = _renumbered(record, remote_id)
        number = int(remote_id) - FIRST_IDS[kind]
        if kind != "contacts" or "id" not in told or not 0 <= number < self.changed:
            return told
        stamp = _stamp(self.changed_at)
        changed = {"jobtitle": f"since {stamp}", "lastmodifieddate": stamp}
        properties = {**told["properties"], **changed}
        return {**told, "properties": properties, "updatedAt": stamp}

    def _record(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> Iterator[list[str]]:
        """Yield each recorded row, cut where its id goes."""
        originals = self._originals[path.rpartition("/")[2]] = []
        after: dict[str, str] = {}
        for _ in range(RECORDED):
            url = f"{path}?{urlencode({**query, **after})}"
            answer = self.client.call("GET", url, headers=headers)
            for row in answer.data["results"]:
                originals.append(row["id"])
                yield _marked(row).split(MARK)
            after = {"after": answer.data["paging"]["next"]["after"]}

    def forward(
        self, method: str, url: str, body: bytes, headers: dict[str, str]
    ) -> Answer:
        """Let the sandbox answer."""
        kind = headers.pop("Content-Type", "application/json")
        with self.lock:
            return self.client.call(method, url, body=body, headers=headers, kind=kind)


def _marked(row: dict[str, Any]) -> str:
    return json.dumps(_renumbered(row, MARK), separators=(",", ":"))


def _id_of(record: dict[str, Any]) -> str:
    """Return the id of a record, or of the one whose links these are."""
    return str(record["id"] if "id" in record else record["from"]["id"])


def _renumbered(record: dict[str, Any], remote_id: str) -> dict[str, Any]:
    """Return a record, or the links of one, with another id."""
    if "from" in record:
        return {**record, "from": {**record["from"], "id": remote_id}}
    if "id" not in record:
        return record
    own, properties = record["id"], {**record["properties"]}
    if "hs_object_id" in properties:
        properties["hs_object_id"] = remote_id
    if "email" in properties:
        properties["email"] = f"person{remote_id}@mail{own}.example"
    told = {**record, "id": remote_id, "properties": properties}
    if "url" in record:
        told["url"] = record["url"].replace(f"/{own}", f"/{remote_id}")
    return told


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _told(answer: Answer, data: Any) -> Answer:
    return replace(answer, body=json.dumps(data).encode())
