"""Every comparison of a stored time with now has thought of a clock that was ahead.

Whoever compares asks ``models.times``; the few who need not are named here, with the
reason why a time in the future does no harm there.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db.models import DateTimeField

ROOT = Path(__file__).resolve().parent.parent
HELPER = "integrations/models/times.py"
FOREIGN = ("migrations", "providers", "http", "oauth")
CODE = [
    path
    for tree in ("config", "integrations")
    for path in sorted(ROOT.glob(f"{tree}/**/*.py"))
    if not set(FOREIGN) & set(path.parts) and str(path.relative_to(ROOT)) != HELPER
]
# Stored as well, though in no column of their own.
IN_JSON = {"retry_at", "asked_at", "seen_at"}
STORED = IN_JSON | {
    field.name
    for model in apps.get_app_config("integrations").get_models()
    for field in model._meta.get_fields()
    if isinstance(field, DateTimeField)
}
BOUNDS = tuple(f"__{name}" for name in ("lt", "lte", "gt", "gte"))

PULLED_IN = "the sweep makes due what a clock ahead has planned"
CLAIM_FORGETS = "claiming the run forgets what a clock ahead has set"
REFUSED = "a token that is too old is refused by the provider, and refreshed then"
BOTH_STORED = "two stored times"
COUNTED = "what is dated ahead counts as having happened lately, once"
ASKED = "asked for by an address"
OUR_CLOCK = "is about our own clock"
SHOWN = "shown only"
BOUNDED = "bounded by a constant, and tried again"
ALLOWED: dict[str, str] = {
    "integrations/admin/connections.py::get_queryset": "excludes what lies ahead",
    "integrations/admin/filters.py::queryset": REFUSED,
    "integrations/models/collection.py::has_old_links": BOTH_STORED,
    "integrations/models/connection.py::is_stale": PULLED_IN,
    "integrations/models/items/item.py::": BOTH_STORED,
    "integrations/models/sync/run.py::duration": "never less than nothing",
    "integrations/services/connections/facts.py::is_latest": "excludes what lies ahead",
    "integrations/services/connections/facts.py::_runs": "puts what lies ahead last",
    "integrations/services/connections/findings.py::_of_first_sync": PULLED_IN,
    "integrations/services/connections/next_steps.py::next_sync": PULLED_IN,
    "integrations/services/grants/circuit_breaker.py::ensure_running": "is_paused asks",
    "integrations/services/connections/connect.py::_has_newer_grant": (
        "a grant of the future is older"
    ),
    "integrations/services/connections/consents.py::_has_ended_since": BOTH_STORED,
    "integrations/services/connections/disconnect.py::was_removed": BOTH_STORED,
    "integrations/services/connections/consents.py::_not_identified": (
        "what is dated ahead is tried for longer"
    ),
    "integrations/services/grants/credentials.py::has_shortest_life": BOTH_STORED,
    "integrations/views/editing/waits.py::wait_of_many": SHOWN,
    "integrations/services/grants/stores/restored_database.py::_newer": (
        "asks the helper as well"
    ),
    "integrations/services/grants/stores/restored_database.py::note_ended": (
        "asks the helper as well"
    ),
    "integrations/services/connections/handover/take_over.py::_is_newer": BOTH_STORED,
    "integrations/services/connections/handover/records.py::_seconds_until": (
        "a provider's own time"
    ),
    "integrations/services/grants/oauth_state.py::consume": "excludes what lies ahead",
    "integrations/services/grants/refresh.py::_winners_result": "the lease was asked",
    "integrations/services/grants/refresh_attempts/intent.py::_check_open_attempt": (
        "begins the spacing anew"
    ),
    "integrations/services/items/past/as_of.py::find_past": ASKED,
    "integrations/services/items/past/as_of.py::undo": ASKED,
    "integrations/services/items/past/incoming.py::_naming_once": ASKED,
    "integrations/services/items/past/incoming.py::find_incoming": ASKED,
    "integrations/services/items/past/table_difference.py::compare": ASKED,
    "integrations/services/items/past/past_selection.py::by_days": ASKED,
    "integrations/services/items/past/past_selection.py::find_rows": ASKED,
    "integrations/services/items/past/table_history.py::change_keys_since": ASKED,
    "integrations/services/items/past/table_history.py::new_since": ASKED,
    "integrations/services/items/past/table_history.py::fetch_past": ASKED,
    "integrations/services/items/past/parents.py::put_past_parents": ASKED,
    "integrations/views/items/past/past_times.py::_make_reach": ASKED,
    "integrations/services/items/history/changes.py::_within": ASKED,
    "integrations/services/items/history/arrivals.py::find": BOTH_STORED,
    "integrations/services/items/history/arrivals.py::select": ASKED,
    "integrations/services/items/history/changes.py::_filtered": BOTH_STORED,
    "integrations/services/items/history/changes.py::fetch_page": BOTH_STORED,
    "integrations/services/items/history/changes.py::mark_seen": (
        "its view asks the helper"
    ),
    "integrations/services/sync/activity.py::outcomes_by_day": COUNTED,
    "integrations/views/items/past/as_of.py::_url": SHOWN,
    "integrations/views/site/charts.py::_line": SHOWN,
    "integrations/services/items/storage/contents.py::_is_new": BOTH_STORED,
    "integrations/services/items/downloads/orders.py::expire": "it is only kept longer",
    "integrations/services/items/downloads/xlsx_cells.py::serial": (
        "counts days since Excel's first one"
    ),
    "integrations/services/items/relations/everything.py::fetch_timeline": BOTH_STORED,
    "integrations/services/items/search/reindex.py::has_own": BOTH_STORED,
    "integrations/services/items/lists/counting.py::count_since": COUNTED,
    "integrations/services/items/history/news.py::parse": ASKED,
    "integrations/services/items/history/news.py::select": COUNTED,
    "integrations/services/items/history/news.py::_select_within": ASKED,
    "integrations/services/items/history/news.py::_changed": ASKED,
    "integrations/services/sync/activity.py::first_read_since": COUNTED,
    "integrations/services/sync/calls/budget.py::calls_left": COUNTED,
    "integrations/services/sync/calls/clock.py::provider_time": OUR_CLOCK,
    "integrations/services/sync/collection_loop.py::_seconds_to_retry": CLAIM_FORGETS,
    "integrations/services/sync/foreground.py::_nap": BOUNDED,
    "integrations/services/sync/texts/page_text.py::_stale": "asks the helper as well",
    "integrations/services/sync/refresh/start.py::_begin_incremental": (
        "the policy has asked about the watermark"
    ),
    "integrations/services/sync/retries.py::answer": PULLED_IN,
    "integrations/services/sync/runs.py::_find_lost": "asks the helper as well",
    "integrations/services/sync/spot_checks/checking.py::_settled": BOUNDED,
    "integrations/services/sync/spot_checks/due.py::calls_now": COUNTED,
    "integrations/services/sync/spot_checks/due.py::due": "the first comes later",
    "integrations/services/sync/spot_checks/results.py::proofs_of": COUNTED,
    "integrations/services/sync/stored/stored_items.py::latest": BOTH_STORED,
    "integrations/services/sync/stored/stored_items.py::walk": BOTH_STORED,
    "integrations/services/sync/leases/turns.py::_next": "excludes what lies ahead",
    "integrations/services/notices/watch.py::_least_grace": "asks before what is left",
    "integrations/services/upkeep/census.py::at_risk": "a provider's own time",
    "integrations/services/upkeep/census.py::failed_today": COUNTED,
    "integrations/services/upkeep/census.py::just_lost": COUNTED,
    "integrations/services/upkeep/census.py::overdue": PULLED_IN,
    "integrations/services/upkeep/census.py::stale": PULLED_IN,
    "integrations/services/upkeep/checks/work.py::_erasures": "it is only told later",
    "integrations/services/upkeep/checks/notices.py::_notices": COUNTED,
    "integrations/services/upkeep/schedule.py::_due_credentials": PULLED_IN,
    "integrations/services/upkeep/schedule.py::pull_in": "asks the helper as well",
    "integrations/services/upkeep/staleness.py::check": PULLED_IN,
    "integrations/views/connections/detail.py::_token_facts": SHOWN,
    "integrations/views/connections/estimate.py::time_text": SHOWN,
    "integrations/views/connections/selection.py::read": "asks the helper as well",
    "integrations/views/items/parts/content.py::make_content": BOTH_STORED,
    "integrations/views/live.py::_seconds_until": BOUNDED,
    "integrations/services/items/tables/indexing/indexes.py::_note_use": (
        "a use of the future is noted anew"
    ),
    "integrations/services/items/tables/indexing/indexes.py::drop_unused": (
        "it is only kept longer"
    ),
    "integrations/services/writing/batches/bulk_delivery.py::_seconds_until_due": (
        "what lies ahead is left to the sweep, which asks"
    ),
    "integrations/services/items/storage/store.py::is_older": BOTH_STORED,
    "integrations/services/writing/delivering/storing.py::_made_by": BOTH_STORED,
    "integrations/services/writing/delivering/storing.py::changes_of": BOTH_STORED,
    "integrations/services/writing/delivering/dispatch.py::send_due": BOUNDED,
    "integrations/services/writing/imports/jobs.py::send_due": BOUNDED,
    "integrations/services/writing/imports/jobs.py::prune": "it is only kept longer",
    "integrations/services/writing/imports/uploads.py::_check_room": "one more is kept",
    "integrations/views/site/home.py::home_live": COUNTED,
    "integrations/models/accounts/preferences.py::note_visit": (
        "one that is ahead is replaced"
    ),
    "integrations/views/site/visits.py::note_visit_of": "read by the helper",
}


def comparisons(source: str) -> Iterator[str]:
    """Yield the functions that compare a stored time, or subtract with one."""
    yield from _walk(ast.parse(source), "")


def _walk(node: ast.AST, function: str) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef):
        function = node.name
    if _compares(node):
        yield function
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, function)


def _compares(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=ops):
            is_order = any(
                isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in ops
            )
            return is_order and _names_stored(node)
        case ast.BinOp(op=ast.Sub()):
            return _names_stored(node)
        case ast.keyword(arg=str(name)) if name.endswith(BOUNDS):
            return name.split("__")[-2] in STORED
    return False


def _names_stored(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Attribute | ast.Name)
        and getattr(each, "attr", getattr(each, "id", "")) in STORED
        for each in ast.walk(node)
    )


def found() -> set[str]:
    return {
        f"{path.relative_to(ROOT)}::{function}"
        for path in CODE
        for function in comparisons(path.read_text("utf-8"))
    }


def test_every_comparison_of_a_stored_time_asks_the_helper_or_says_why_not() -> None:
    assert found() == set(ALLOWED)


def test_a_comparison_is_seen_in_each_of_its_forms() -> None:
    source = """
def one(run): return run.lease_until > now
def two(rows): return rows.filter(connection__next_sync_at__lte=now)
def three(row): return (now - row.at).total_seconds()
def four(rows, now): return rows.filter(times.ahead("due_at", now))
def five(row): return row.count > 1
"""
    assert list(comparisons(source)) == ["one", "two", "three"]
