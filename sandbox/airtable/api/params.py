"""Read fields that may come more than once, and notice those that must not."""

from collections import Counter
from collections.abc import Sequence
from urllib.parse import parse_qsl

from sandbox.core.web import Request

Pairs = Sequence[tuple[str, str]]
FORM = "application/x-www-form-urlencoded"


def read_query(request: Request) -> Pairs:
    """Return every field of the query, in order."""
    return parse_qsl(request.query_string, keep_blank_values=True, errors="replace")


def find_repeated(pairs: Pairs, names: Sequence[str] = ()) -> list[str]:
    """Return the names that came more than once, out of some or of all."""
    counted = Counter(name for name, _ in pairs if not names or name in names)
    return sorted(name for name, count in counted.items() if count > 1)
