"""Ask the database how it reads: which queries go through a whole table or index."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from django.db import connection as database

from integrations.services.items.search import full_text

# What a planner may know: what the product tells it, what a look at some hundreds of
# rows of each index does, and what all rows do. PostgreSQL looks at samples of its own.
STATISTICS = ("own", "sampled", "whole") if database.vendor == "sqlite" else ("own",)
# Tables that have a row for each item, or more.
LARGE = "item|itemlink|propertyvalue|ownvalue"
_ALIAS = re.compile(r'"(integrations_\w+)" ([U-Z]\d+)')


def tell_statistics(kind: str) -> None:
    """Give the planner one of STATISTICS."""
    with database.cursor() as cursor:
        if database.vendor != "sqlite":
            cursor.execute("ANALYZE")
            return
        cursor.execute(f"PRAGMA analysis_limit = {0 if kind == 'whole' else 400}")
        cursor.execute("ANALYZE")
        if kind == "own":
            cursor.execute("DELETE FROM sqlite_stat1")
            # Read again, or what was known before is known still.
            cursor.execute("ANALYZE sqlite_master")
            full_text.tell_planner()


def whole_reads(queries: Iterable[str], *, large: str = LARGE) -> list[str]:
    """Return those of some queries that read a large table or index whole."""
    tables = re.compile(rf"integrations_(?:{large})\Z")
    asked = [sql for sql in queries if sql.lstrip("( ").startswith(("SELECT", "WITH"))]
    return [sql for sql in asked if "integrations_" in sql and _is_whole(sql, tables)]


def _is_whole(sql: str, large: re.Pattern[str]) -> bool:
    if database.vendor == "sqlite":
        with database.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}", ())
            told = [str(row[-1]) for row in cursor.fetchall()]
        scanned = {each.split()[1] for each in told if each.startswith("SCAN ")}
        return any(map(large.match, _names(sql, scanned)))
    # Small tables are read whole because that is quicker, unless it is forbidden.
    forbidden = ("enable_seqscan", "enable_mergejoin", "enable_hashjoin")
    plan = explain(sql, dict.fromkeys(forbidden, "off"))
    return any(_reads_whole(node, large) for node in _nodes(plan))


def explain(
    sql: str,
    settings: Mapping[str, str] = MappingProxyType({}),
    *,
    is_run: bool = False,
) -> dict[str, Any]:
    """Return PostgreSQL's plan of a statement, with what it took where that ``is_run``.

    ``settings`` hold for it alone.
    """
    analyze = "ANALYZE, " if is_run else ""
    with database.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET {name} = {value}")
        told = sql.replace("%", "%%")
        cursor.execute(f"EXPLAIN ({analyze}FORMAT JSON) {told}", ())
        ((plan,),) = cursor.fetchall()
        for name in settings:
            cursor.execute(f"RESET {name}")
    plans = json.loads(plan) if isinstance(plan, str) else plan
    found: dict[str, Any] = plans[0]["Plan"]
    return found


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield all nodes of a plan."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes_of(each)


def _names(sql: str, scanned: Iterable[str]) -> Iterator[str]:
    """Yield the tables that are called so in a query, where that is sure."""
    aliases = _ALIAS.findall(sql)
    for name in scanned:
        called = {table for table, alias in aliases if alias == name}
        yield called.pop() if len(called) == 1 else name


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan, but those which a limit is expected to end early."""
    yield plan
    for each in plan.get("Plans", ()):
        is_limit = plan["Node Type"] == "Limit"
        if not (is_limit and plan["Total Cost"] < each["Total Cost"] / 2):
            yield from _nodes(each)


def _reads_whole(node: dict[str, Any], large: re.Pattern[str]) -> bool:
    is_large = large.match(node.get("Relation Name", ""))
    is_scan = node["Node Type"] in {"Seq Scan", "Index Scan", "Index Only Scan"}
    return bool(is_large) and is_scan and "Index Cond" not in node
