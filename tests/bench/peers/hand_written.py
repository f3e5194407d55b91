"""The floor: httpx, orjson, and one table of ten columns."""

import sys

import httpx
import orjson
from contacts import COLUMNS, NAMES
from table import Table


def main(url: str, token: str, path: str) -> None:
    """Ask page after page, and write each in one transaction."""
    table = Table(path, COLUMNS)
    client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30)
    params = {"limit": "100", "properties": ",".join(NAMES)}
    while True:
        answer = client.get(url, params=params)
        answer.raise_for_status()
        body = orjson.loads(answer.content)
        rows = [
            (
                row["id"],
                *(row["properties"].get(name) for name in NAMES),
                row["createdAt"],
                row["updatedAt"],
            )
            for row in body["results"]
        ]
        table.write(rows)
        if "paging" not in body:
            return
        params["after"] = body["paging"]["next"]["after"]


if __name__ == "__main__":
    main(*sys.argv[1:])
