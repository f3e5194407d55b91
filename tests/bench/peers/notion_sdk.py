"""notion-client, with the table of Notion's floor."""

import sys

from notion_client import Client
from pages import COLUMNS, row_of
from table import Table


def main(api: str, sources: str, token: str, path: str) -> None:
    """Ask page after page of each data source, and write each in one transaction."""
    table = Table(path, COLUMNS)
    client = Client(auth=token, base_url=api.removesuffix("/v1"))
    for source in sources.split(","):
        following = None
        while True:
            asked = {} if following is None else {"start_cursor": following}
            page = client.data_sources.query(source, page_size=100, **asked)
            table.write(map(row_of, page["results"]))
            if not page["has_more"]:
                break
            following = page["next_cursor"]


if __name__ == "__main__":
    main(*sys.argv[1:])
