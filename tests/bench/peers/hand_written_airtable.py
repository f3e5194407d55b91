"""The floor for Airtable: httpx, orjson, and one table of twelve columns."""

import sys

import httpx
import orjson
from records import COLUMNS, row_of
from table import Table


def main(url: str, token: str, path: str) -> None:
    """Ask page after page, and write each in one transaction."""
    table = Table(path, COLUMNS)
    client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30)
    params = {"pageSize": "100"}
    while True:
        answer = client.get(url, params=params)
        answer.raise_for_status()
        body = orjson.loads(answer.content)
        table.write(map(row_of, body["records"]))
        if "offset" not in body:
            return
        params["offset"] = body["offset"]


if __name__ == "__main__":
    main(*sys.argv[1:])
