"""JSON that keeps the order of its keys, in which providers tell options."""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class OrderedJSONField(models.JSONField):
    """A JSON value in a column of text, by whose keys nothing can be looked up.

    PostgreSQL's ``jsonb`` sorts keys by their length:
    https://www.postgresql.org/docs/15/datatype-json.html
    """

    def get_internal_type(self) -> str:
        """Return the kind of its column."""
        return "TextField"

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 (Django's own)
    ) -> str:
        """Return the value as it is stored."""
        return json.dumps(value, cls=self.encoder)
