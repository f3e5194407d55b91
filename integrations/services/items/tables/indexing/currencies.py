"""Tell with an index in which currencies its numbers are, by the same statement."""

import json
from collections.abc import Sequence
from typing import Final

from django.db import connection as database
from django.db.models import Case, TextField, When
from django.db.models.expressions import RawSQL

from integrations.models import PropertyIndex, PropertyValue

# A sum of each is a column of a statement, of which databases take only so many.
MOST_CURRENCIES: Final = 20
TOLD: Final = "currencies"


def told_of(names: Sequence[str]) -> Case:
    """Return what tells the currencies of indexes of some names, each by one step."""
    quote = database.ops.quote_name
    values = quote(PropertyValue._meta.db_table)  # noqa: SLF001 (Django documents _meta)
    indexes = quote(PropertyIndex._meta.db_table)  # noqa: SLF001
    is_sqlite = database.vendor == "sqlite"
    texts = "json_group_array(text)" if is_sqlite else "CAST(json_agg(text) AS text)"
    least = (
        f"SELECT MIN(text) FROM {values}"
        f" WHERE index_id = {indexes}.id AND number IS NOT NULL"
    )
    steps = (
        f"SELECT {texts} FROM (WITH RECURSIVE step(text) AS ({least} UNION ALL"
        f" SELECT ({least} AND text > step.text) FROM step"
        " WHERE step.text IS NOT NULL)"
        " SELECT text FROM step WHERE text IS NOT NULL LIMIT %s) AS found"
    )
    found = RawSQL(steps, [MOST_CURRENCIES + 1], output_field=TextField())
    return Case(When(name__in=list(names), then=found), output_field=TextField())


def read(index: PropertyIndex) -> list[str]:
    """Return the currencies that were told with an index: one more than are summed."""
    return sorted(json.loads(vars(index)[TOLD] or "[]"))
