"""The floor for Notion: httpx, orjson, and one table of twelve columns."""

import sys

import httpx
import orjson
from pages import COLUMNS, row_of
from table import Table


def main(api: str, sources: str, token: str, path: str) -> None:
    """Ask page after page of each data source, and write each in one transaction."""
    table = Table(path, COLUMNS)
    headers = {"Authorization": f"Bearer {token}", "Notion-Version": "2026-03-11"}
    client = httpx.Client(headers=headers, timeout=30)
    for source in sources.split(","):
        asked: dict[str, object] = {"page_size": 100}
        while True:
            answer = client.post(f"{api}/data_sources/{source}/query", json=asked)
            answer.raise_for_status()
            body = orjson.loads(answer.content)
            table.write(map(row_of, body["results"]))
            if not body["has_more"]:
                break
            asked["start_cursor"] = body["next_cursor"]


if __name__ == "__main__":
    main(*sys.argv[1:])
