"""The floor: httpx, orjson, and one table of ten columns."""

import sqlite3
import sys

import httpx
import orjson

NAMES = ("firstname", "lastname", "email", "phone", "company", "jobtitle", "city")
COLUMNS = ("id", *NAMES, "created", "updated")
UPDATES = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
UPSERT = (
    f"INSERT INTO contact VALUES ({', '.join('?' * len(COLUMNS))})"
    f" ON CONFLICT (id) DO UPDATE SET {UPDATES}"
)


def main(url: str, token: str, path: str) -> None:
    """Ask page after page, and write each in one transaction."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    columns = ", ".join(COLUMNS[1:])
    database.execute(f"CREATE TABLE contact (id TEXT PRIMARY KEY, {columns})")
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
        with database:
            database.executemany(UPSERT, rows)
        if "paging" not in body:
            return
        params["after"] = body["paging"]["next"]["after"]


if __name__ == "__main__":
    main(*sys.argv[1:])
