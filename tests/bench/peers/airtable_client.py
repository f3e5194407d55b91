"""pyairtable, with the table of Airtable's floor."""

import sys

from pyairtable import Api
from record_table import RECORDS, row_of


def main(url: str, token: str, path: str) -> None:
    """Ask page after page, and write each in one transaction."""
    database = RECORDS.open(path)
    endpoint, _, names = url.partition("/v0/")
    base, _, table = names.partition("/")
    # The slash at the end lets it keep the folder in which the address lies.
    api = Api(token, endpoint_url=f"{endpoint}/")
    for page in api.table(base, table).iterate(page_size=100):
        RECORDS.write(database, [row_of(record) for record in page])


if __name__ == "__main__":
    main(*sys.argv[1:])
