"""Answer for any number of contacts by the records of a few: renumbered.

Lists are recorded pages with other ids, made by joining strings. Whoever asks for a
record, or for the links of one, is told what the sandbox says of the one recorded.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from tests.sandbox.wsgi_client import Answer, Client

PAGE = 100
RECORDED = 10
FIRST_ID = 70_000_000_000
LIST = re.compile(r"/hubspot/crm/objects/[^/]+/contacts")
ONE = re.compile(r"/hubspot/crm/objects/[^/]+/contacts/(\d+)")
BATCH = re.compile(
    r"/hubspot/crm/(objects|associations)/[^/]+/contacts(/[^/]+)?/batch/read"
)
MARK = "@@id@@"


class Book:
    """Answer lists of contacts from recorded pages, and all else from the sandbox."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.lock = threading.Lock()
        self.contacts = PAGE
        self.latency = 0.0
        self.calls: Counter[str] = Counter()
        self.arrivals: list[float] = []
        self.asked: Counter[int] = Counter()
        self._recorded: dict[str, list[list[str]]] = {}
        self._originals: list[str] = []

    def page(self, path: str, query: dict[str, str], headers: dict[str, str]) -> bytes:
        """Return one page of the list; its cursor is its number."""
        number = int(query.pop("after", "0"))
        key = urlencode(query)
        with self.lock:
            self.asked[number] += 1
            if key not in self._recorded:
                self._recorded[key] = list(self._record(path, query, headers))
        rows = self._recorded[key][number % RECORDED * PAGE :][:PAGE]
        first = FIRST_ID + number * PAGE
        results = ",".join(str(first + i).join(row) for i, row in enumerate(rows))
        is_last = (number + 1) * PAGE >= self.contacts
        paging = "" if is_last else f',"paging":{{"next":{{"after":"{number + 1}"}}}}'
        return f'{{"results":[{results}]{paging}}}'.encode()

    def translated(
        self, method: str, url: str, body: bytes, headers: dict[str, str]
    ) -> Answer:
        """Let the sandbox answer for the records that some ids were made from."""
        if one := ONE.search(url):
            original = self._original(one[1])
            answer = self.forward(method, url.replace(one[1], original), b"", headers)
            return _told(answer, _renumbered(answer.data, one[1]))
        order = json.loads(body)
        asked = {each["id"]: self._original(each["id"]) for each in order["inputs"]}
        order["inputs"] = [{"id": each} for each in dict.fromkeys(asked.values())]
        answer = self.forward(method, url, json.dumps(order).encode(), headers)
        found = {_id_of(each): each for each in answer.data["results"]}
        known = {each: found[real] for each, real in asked.items() if real in found}
        results = [_renumbered(record, each) for each, record in known.items()]
        return _told(answer, {**answer.data, "results": results})

    def _original(self, remote_id: str) -> str:
        """Return the id of the recorded contact that one was made from."""
        number = int(remote_id) - FIRST_ID
        if not 0 <= number < self.contacts or not self._originals:
            return remote_id
        page, place = divmod(number, PAGE)
        return self._originals[page % RECORDED * PAGE + place]

    def _record(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> Iterator[list[str]]:
        """Yield each recorded row, cut where its id goes."""
        self._originals = []
        after: dict[str, str] = {}
        for _ in range(RECORDED):
            url = f"{path}?{urlencode({**query, **after})}"
            answer = self.client.call("GET", url, headers=headers)
            for row in answer.data["results"]:
                self._originals.append(row["id"])
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


def _told(answer: Answer, data: Any) -> Answer:
    return replace(answer, body=json.dumps(data).encode())
