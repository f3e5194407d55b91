"""Keep the calls that were made with their answers, for whoever checks them later."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.core.serving.web import Request, Response

# Of one endpoint, with the same parameters and the same status, though all are of one
# form: values may differ.
MOST_ALIKE = 10


class Recorder:
    """Write calls to a file, one JSON object a line, each form of them at least once.

    A call has the form of another if it is to the same endpoint, has the same
    parameters and status, and keys and types in its body and its answer are the same.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[Any] = Counter()
        self._forms: set[int] = set()
        if path.exists():
            # A sandbox that was killed may have left a line without an end.
            self._write("")

    def add(self, request: Request, response: Response | None) -> None:
        """Keep a call; one that was answered by a fault is kept without an answer."""
        answer = response.body.decode() if response else None
        body, status = request.body.decode(), response.status if response else 0
        names = {name for name, _ in request.query_pairs}
        about = (request.provider, request.method, request.route, *sorted(names))
        kind = (*about, request.content_type, status)
        form = hash((kind, skeleton_of(body), skeleton_of(answer)))
        self._counts[kind] += 1
        if form in self._forms and self._counts[kind] > MOST_ALIKE:
            return
        self._forms.add(form)
        call = {
            "slug": request.provider,
            "method": request.method,
            "url": f"{request.path}?{request.query_string}",
            "body": body,
            "kind": request.content_type,
            "status": status,
            "answer": answer,
        }
        self._write(json.dumps(call))

    def _write(self, line: str) -> None:
        # In one piece: several threads answer at once.
        with self._path.open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())


def skeleton_of(text: str | None) -> Any:
    """Return the skeleton of a body in JSON, or a form as it is."""
    try:
        return skeleton(json.loads(text)) if text else None
    except ValueError:
        return text


def skeleton(value: Any) -> Any:
    """Return what kind of value it is, without what it says."""
    if isinstance(value, Mapping):
        return tuple((key, skeleton(one)) for key, one in sorted(value.items()))
    if isinstance(value, list):
        return tuple(dict.fromkeys(skeleton(one) for one in value))
    return type(value).__name__
