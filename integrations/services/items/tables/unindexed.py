"""What keeps a planner from an index: each row is looked at instead."""

from typing import Any

from django.db.models import Exists, Func


class Unindexed(Func):
    """The value of a column, of which a planner does not know that an index has it.

    SQLite takes an index that is in the wanted order before one that finds few rows,
    and reads all of it. A unary plus changes no value, and hides the column from it:
    https://sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    PostgreSQL weighs the two by its statistics.
    """

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Return the column with the sign."""
        return self.as_sql(compiler, connection, template="+%(expressions)s", **more)


class ExistsHere(Exists):
    """The same as a value, which is looked for at each row that is looked at.

    Of an ``EXISTS`` PostgreSQL would read a whole index first, as if all rows were.
    """

    template = "((%(subquery)s) IS NOT NULL)"
