"""HubSpot's own client, hubspot-api-client, with the table of the floor."""

import sys

from contact_table import CONTACTS, NAMES
from hubspot import HubSpot


def main(url: str, token: str, path: str) -> None:
    """Ask page after page, and write each in one transaction."""
    database = CONTACTS.open(path)
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
        CONTACTS.write(database, rows)
        if page.paging is None:
            return
        after = page.paging.next.after


if __name__ == "__main__":
    main(*sys.argv[1:])
