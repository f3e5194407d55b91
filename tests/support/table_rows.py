"""Read the rows of a table out of its page, as a user reads them."""

import re
from html import unescape

CELL = re.compile(r"<t[hd]\b.*?>(.*?)(?:</t[hd]>|(?=<t[hd]\b)|$)", re.DOTALL)


def shown_rows(html: str) -> list[list[str]]:
    """Return the texts of the cells of each row, empty for a dash."""
    *_, body = re.findall(r"<tbody>(.*?)</tbody>", html, re.DOTALL)
    # A row and a cell end where they say so, or where the next one begins.
    rows = re.findall(r"<tr>(.*?)(?:</tr>|(?=<tr)|$)", body, re.DOTALL)
    return [[_words(c) for c in CELL.findall(row)] for row in rows]


def _words(html: str) -> str:
    html = re.sub(r'<a class="cell-edit".*?</a>', "", html, flags=re.DOTALL)
    text = unescape(re.sub(r"<[^>]+>", " ", html))
    return " ".join(text.replace("\N{EN DASH}", "").split())
