"""pyairtable, with the table of Airtable's floor."""

import sys

from pyairtable import Api
from records import COLUMNS, row_of
from table import Table


def main(url: str, token: str, path: str) -> None:
    """Ask page after page, and write each in one transaction."""
    table = Table(path, COLUMNS)
    endpoint, _, names = url.partition("/v0/")
    base, _, name = names.partition("/")
    # The slash at the end lets it keep the folder in which the address lies.
    api = Api(token, endpoint_url=f"{endpoint}/")
    for page in api.table(base, name).iterate(page_size=100):
        table.write(map(row_of, page))


if __name__ == "__main__":
    main(*sys.argv[1:])
