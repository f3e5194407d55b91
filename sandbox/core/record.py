"""Keep some calls of every kind with their answers, for whoever checks them later."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from sandbox.core.web import Request, Response

# Of one endpoint, with the same parameters and the same status.
MOST = 10


class Recorder:
    """Write calls that were carried out to a file, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[Any] = Counter()

    def add(self, request: Request, response: Response) -> None:
        """Keep a call, unless enough of its kind were kept."""
        names = {name for name, _ in request.query_pairs}
        kind = (request.provider, request.method, request.route, *sorted(names))
        self._counts[kind, response.status] += 1
        if self._counts[kind, response.status] > MOST:
            return
        call = {
            "slug": request.provider,
            "method": request.method,
            "url": f"{request.path}?{request.query_string}",
            "body": request.body.decode(),
            "kind": request.content_type,
            "status": response.status,
            "answer": response.body.decode(),
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(call)}\n")
