"""HubSpot's own client, page after page, into one table of ten columns."""

import sqlite3
import sys
from urllib.parse import urlsplit

from hubspot import HubSpot
from hubspot.crm.contacts import Configuration

NAMES = ("firstname", "lastname", "email", "phone", "company", "jobtitle", "city")


def main(url: str, token: str, path: str) -> None:
    """List contacts by the client's own method, and write each page."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    columns = ", ".join((*NAMES, "created", "updated"))
    database.execute(f"CREATE TABLE contact (id TEXT PRIMARY KEY, {columns})")
    marks = ", ".join("?" * (len(NAMES) + 3))
    # The client knows one version of the address, and the server several.
    parts = urlsplit(url)
    root = parts.path.split("/crm/")[0]
    Configuration.set_default(
        Configuration(host=f"{parts.scheme}://{parts.netloc}{root}")
    )
    api = HubSpot(access_token=token).crm.contacts.basic_api
    after = None
    while True:
        page = api.get_page(limit=100, after=after, properties=list(NAMES))
        rows = [
            (
                row.id,
                *(row.properties.get(name) for name in NAMES),
                str(row.created_at),
                str(row.updated_at),
            )
            for row in page.results
        ]
        with database:
            database.executemany(f"REPLACE INTO contact VALUES ({marks})", rows)
        if page.paging is None:
            return
        after = page.paging.next.after


if __name__ == "__main__":
    main(*sys.argv[1:])
