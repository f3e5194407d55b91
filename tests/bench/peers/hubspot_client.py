"""HubSpot's own client, hubspot-api-client, with the table of the floor."""

import sys

from contacts import COLUMNS, NAMES
from hubspot import HubSpot
from table import Table


def main(url: str, token: str, path: str) -> None:
    """Ask page after page, and write each in one transaction."""
    table = Table(path, COLUMNS)
    client = HubSpot(access_token=token, host=url.partition("/crm/")[0])
    after = None
    while True:
        page = client.crm.contacts.basic_api.get_page(
            limit=100, after=after, properties=list(NAMES)
        )
        rows = [
            (
                row.id,
                *(row.properties.get(name) for name in NAMES),
                row.created_at.isoformat(),
                row.updated_at.isoformat(),
            )
            for row in page.results
        ]
        table.write(rows)
        if page.paging is None:
            return
        after = page.paging.next.after


if __name__ == "__main__":
    main(*sys.argv[1:])
