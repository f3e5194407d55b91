"""Tell with a collection which others of its connection are read as well."""

import json
from typing import Any, Final

from django.db.models import Case, OuterRef, QuerySet, Subquery, TextField, When

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import HasLinkFields

BESIDE: Final = "selected_beside"


class _Listed(Subquery):
    """The remote ids of collections as one text: a JSON list."""

    template = "(SELECT json_group_array(l.remote_id) FROM (%(subquery)s) AS l)"

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """Write it with PostgreSQL's functions."""
        template = "(SELECT json_agg(l.remote_id)::text FROM (%(subquery)s) AS l)"
        return self.as_sql(compiler, connection, template=template)


def told_beside() -> Case:
    """Return what tells it, of providers whose collections name each other's items."""
    linking = [
        slug for slug, each in CONNECTORS.items() if isinstance(each, HasLinkFields)
    ]
    beside = _selected().filter(connection=OuterRef("connection"))
    listed = _Listed(beside.values("remote_id"), output_field=TextField())
    return Case(
        When(connection__provider__in=linking, then=listed), output_field=TextField()
    )


def selected_beside(collection: Collection) -> set[str]:
    """Return the remote ids of the collections that are read, asked for if not told."""
    told = vars(collection).get(BESIDE)
    if told is not None:
        return set(json.loads(told))
    beside = _selected().filter(connection=collection.connection_id)
    return set(beside.values_list("remote_id", flat=True))


def _selected() -> QuerySet[Collection]:
    return Collection.objects.filter(is_selected=True).order_by()
