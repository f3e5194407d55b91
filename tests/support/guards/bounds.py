"""What bounds pages, lists and what is read, and what shows it: by module and name.

A sign is a text that stands in a template or a module. ``NONE`` begins why a bound
needs none: nothing is left out by it, or nobody gets so far.
"""

from tests.support.guards import bounds_of_providers
from tests.support.guards.bounds_of_providers import CUT, NONE

INPUT = f"{NONE}a form or an address holds so much; what it read is shown"
LOOK = f"{NONE}a choice of how to show it, with all of it on the page of the item"
WHOLE = f"{NONE}nothing is left out: it chooses between two ways to the same answer"
COUNTED = "is_more"
REFUSED = f"{NONE}whoever asks for more is refused in words"
PAGES = "partials/pages.html"
COLUMN = f"{NONE}no provider has so long an id"
FAILS = f"{NONE}what is tried no more has failed, and its page says why"
OF_DIGEST = f"{NONE}the digest has told all that left a view"
LATER = f"{NONE}what is left over comes next"

BOUNDS = bounds_of_providers.BOUNDS | {
    "models/messages/wording.py::MOST_TOLD": "{more:,} more",
    "services/items/tables/indexing/first_keys.py::MOST_LOOKED": WHOLE,
    "services/sync/retries.py::LONGEST_PLAN": f"{NONE}the schedule goes on",
    "services/common/database/row_writes.py::MOST_ROWS": LATER,
    "services/common/database/prepared.py::MOST_SHAPES": WHOLE,
    "services/common/database/prepared.py::MOST_NUMBER": WHOLE,
    "services/common/database/prepared.py::MOST_VALUES": WHOLE,
    "services/sync/failures.py::MOST_PARTS": f"{NONE}no account has so many at once",
    "services/connections/naming.py::MOST_LEVELS": (
        f"{NONE}a number tells apart what nothing nearer does"
    ),
    "views/connections/detail.py::RUNS": "integrations:connection-runs",
    "views/connections/detail.py::HISTORY": "integrations:connection-runs",
    "views/connections/detail.py::ATTEMPTS": "integrations:connection-attempts",
    "views/connections/schema_changes.py::MOST": "older_schema_changes",
    "views/editing/imports.py::LISTED": "integrations:import-list",
    "views/editing/status.py::SHOWN": "integrations:connection-edits",
    "views/items/everything.py::MOST_SIDE": f"{NONE}more are not compared at all",
    "views/items/everything.py::MOST_ROWS": "more_rows",
    "views/items/facets.py::MAX_CHOICES": "… and {missing:,} more",
    "views/items/filters.py::MOST_OFFERED": "choices_url",
    "views/items/parts/facts.py::MAX_CHANGES": "All changes of it",
    "views/items/parts/head.py::MOST_FIELDS": LOOK,
    "views/items/past/changed_fields.py::MOST_OFFERED": "more_fields",
    "views/items/past/changed_fields.py::MOST_SCHEMAS": "more_fields",
    "views/items/past/past_times.py::PAGE_SIZE": PAGES,
    "views/paging.py::PAGE_SIZE": PAGES,
    "views/items/tables/cells.py::MOST_PARTS": "+{}",
    "views/items/tables/cells.py::MOST_LINKED": "and {count} more",
    "views/items/tables/cells.py::MOST_TITLED": '["…"]',
    "views/items/tables/cells.py::MOST_TITLE": LOOK,
    "views/items/tables/charts.py::MOST_BARS": "charts_cut",
    "views/items/tables/charts.py::MOST_CHARTS": "charts_cut",
    "views/items/choosing/choice.py::MOST_NAMED": f"{NONE}a page has 100 rows at most",
    "views/items/choosing/choice.py::LONG_PLACE": f"{NONE}a page has 100 rows at most",
    "views/items/tables/filters.py::MOST_OFFERED": "choices_url",
    "views/items/tables/filtering/form.py::MOST_OPTIONS": "more_options",
    "views/items/tables/filtering/form.py::LINES_LENGTH": INPUT,
    "views/items/tables/filtering/page.py::MOST_ADDRESS": "Too many values",
    "views/items/choosing/addresses.py::MOST_ROWS": "in_parts",
    "views/items/choosing/addresses.py::MOST_LINKS": "These are the first",
    "views/own_columns/values.py::MOST_NAMES": "more_names",
    "views/saved_views/feed.py::MOST_ENTRIES": "latest_entries",
    "views/site/charts.py::MOST_COLLECTIONS": "Smaller ones",
    "views/site/grouped_charts.py::MOST_BARS": "charts_cut",
    "views/site/grouped_charts.py::MOST_GROUPED": "charts_undrawn",
    "views/site/grouped_charts.py::MOST_ROWS": "charts_undrawn",
    "views/site/home.py::RECENT_ITEMS": "All items",
    "views/site/recent_searches.py::MOST": f"{NONE}only the latest are remembered",
    "services/items/past/as_of.py::MOST_UNDONE": "is_page_partial",
    "services/items/history/changes.py::LOOKED_AT": "looked_until",
    "services/items/storage/contents.py::MOST_BLOCKS": "content.is_truncated",
    "services/items/detail.py::MAX_DEPTH": "top_name",
    "services/items/detail.py::MAX_CHILDREN": "that it contains",
    "services/items/history/differences.py::MOST_CHANGED": "many_fields",
    "services/items/downloads/making.py::MOST_COUNTED": COUNTED,
    "services/items/downloads/orders.py::MOST_KEPT": REFUSED,
    "services/items/downloads/xlsx.py::MOST_ROWS": "most_rows",
    "services/items/downloads/xlsx.py::MOST_LINKS": f"{NONE}the text of a link stays",
    "services/items/relations/everything.py::MOST_ITEMS": "and more",
    "services/items/relations/links.py::MAX_LINKS": "and {missing} more",
    "services/items/own_columns/store.py::MOST_COLUMNS": REFUSED,
    "services/items/own_columns/store.py::MOST_OPTIONS": REFUSED,
    "services/items/lists/query.py::MAX_SEARCH": "is_shortened",
    "services/items/lists/query.py::MAX_RELATION": COLUMN,
    "services/items/relations/related.py::MOST": "more_related",
    "services/items/relations/traces.py::MOST_TRACES": LOOK,
    "services/items/relations/related.py::LOOKED_AT": "has_more",
    "services/items/relations/related.py::LOOKED_AT_FOR_ALL": "has_more",
    "services/items/relations/phones.py::LONGEST_PHONE": f"{NONE}no number is longer",
    "services/items/relations/traces.py::MOST_TEXTS": LOOK,
    "services/items/relations/around.py::FEW": WHOLE,
    "services/items/relations/around.py::MOST_LINKS": "more than",
    "services/items/relations/first_links.py::FEW": WHOLE,
    "services/items/relations/tables.py::MOST_TABLES": "Linked as well",
    "services/items/relations/tables.py::MOST_ROWS": "table.url",
    "services/items/relations/tables.py::MOST_COLUMNS": LOOK,
    "services/items/saved_views/store.py::MOST_VIEWS": REFUSED,
    "services/items/search/addresses.py::MOST_PARTS": INPUT,
    "services/items/search/addresses.py::MOST_FOUND": (
        f"{NONE}an id is that of one item, and of one in each account at most"
    ),
    "services/items/search/everything/grouped.py::MOST_SHOWN": "group.has_more",
    "services/items/search/passages.py::MOST_PASSAGES": LOOK,
    "services/items/search/related_names.py::MOST_NAMES": "links_not_followed",
    "services/items/search/related_names.py::MOST_UNITS": INPUT,
    "services/items/search/related_names.py::MOST_WORDS": INPUT,
    "services/items/search/texts.py::MOST_BYTES": (
        f"{NONE}PostgreSQL holds no more of one item; the documentation of the search "
        "says that the last words of its longest values are lost"
    ),
    "services/items/search/texts.py::MOST_INDEXERS": (
        f"{NONE}a memory; what is not in it is made anew"
    ),
    "services/items/search/texts.py::MOST_KNOWN": (
        f"{NONE}a memory; what is not in it is made anew"
    ),
    "services/items/search/texts.py::MOST_VALUES": (
        f"{NONE}a memory; what is not in it is made anew"
    ),
    "services/items/past/table_history.py::MOST_LOOKED_AT": "difference.is_partial",
    "views/items/past/as_of.py::MOST_NAMED": "linked.more",
    "services/items/past/incoming.py::MOST_OF_ONE": "links_partial",
    "services/items/past/incoming.py::MOST_OF_ALL": "links_partial",
    "services/items/past/incoming.py::MOST_CHANGES": "links_partial",
    "services/items/past/past_selection.py::MOST_ROWS": "past_cut",
    "services/items/tables/columns/columns.py::MOST_DEFAULT": LOOK,
    "services/items/tables/groups.py::SHOWN_ID": (
        f"{NONE}enough of an id to tell two users apart"
    ),
    "services/items/tables/groups.py::MOST_GROUPS": "groups_left_out",
    "services/items/tables/groups.py::MOST_SUMS": "unsummed_columns",
    "services/items/tables/columns/incoming.py::MOST_LOOKED": "has_more",
    "services/items/tables/columns/incoming.py::MOST_NAMED": "has_more",
    "services/items/tables/columns/known_values.py::LOOKED_AT": "Others, one on each",
    "services/items/tables/indexing/indexes.py::MOST_INDEXES": WHOLE,
    "services/items/tables/indexing/indexes.py::ORDER_LENGTH": WHOLE,
    "services/items/tables/indexing/linked_names.py::MOST_NAMED": "too many items",
    "services/items/tables/operators.py::MOST_CHOICES": "more than can be used",
    "services/items/tables/operators.py::VALUE_LENGTH": (
        f"{NONE}an ellipsis ends it, and the form has all of it"
    ),
    "services/items/tables/table_address.py::MOST_CONDITIONS": "can be used at once",
    "services/items/tables/table_address.py::MOST_COLUMNS": "can be shown at once",
    "services/items/tables/kept_totals.py::MOST_KEPT": WHOLE,
    "services/items/tables/kept_totals.py::MOST_NEW": WHOLE,
    "services/items/tables/kept_totals.py::MOST_ROWS": WHOLE,
    "services/items/tables/indexing/currencies.py::MOST_CURRENCIES": "unsummed",
    "services/items/tables/columns/values.py::MOST_VALUES": "in_part",
    "services/items/tables/columns/values.py::MOST_LINKED": "in_part",
    "services/items/unread_texts.py::MOST_COUNTED": COUNTED,
    "services/items/history/arrivals.py::MOST": "next_url",
    "services/items/history/changes.py::PAGE_SIZE": "next_url",
    "services/items/history/changes.py::UNSEEN_LIMIT": "more than {text}",
    "services/items/storage/contents.py::REASON_LENGTH": f"{NONE}codes are short",
    "services/items/storage/contents.py::TEXT_LENGTH": "content.is_truncated",
    "services/items/lists/counting.py::COUNT_LIMIT": COUNTED,
    "services/items/lists/counting.py::SOME": WHOLE,
    "services/items/lists/counting.py::ENOUGH": COUNTED,
    "services/items/relations/everything.py::PAGE_SIZE": "next_url",
    "services/items/lists/query.py::SIZES": INPUT,
    "services/items/lists/query.py::DEFAULT_SIZE": "next_url",
    "services/items/relations/write.py::ID_LENGTH": COLUMN,
    "services/items/storage/rows.py::ID_LENGTH": COLUMN,
    "services/items/storage/rows.py::NAME_LENGTH": CUT,
    "services/items/storage/rows.py::SORT_NAME_LENGTH": (
        f"{NONE}names that begin alike for so long are in no order"
    ),
    "services/items/storage/rows.py::URL_LENGTH": (
        f"{NONE}there is no link instead of a wrong one"
    ),
    "services/items/search/everything/at_once.py::MOST_FOUND": "searched_in_part",
    "services/items/search/full_text.py::FEW": WHOLE,
    "services/items/search/full_text.py::ENOUGH": WHOLE,
    "services/items/search/texts.py::VALUE_LENGTH": (
        f"{NONE}no longer value is kept; a test searches for the last word"
    ),
    "services/items/search/words.py::WORD_LENGTH": (
        f"{NONE}longer words are found by their first characters, not told apart"
    ),
    "services/items/search/words.py::REPEATED_LENGTH": WHOLE,
    "services/items/past/table_history.py::PAGE_SIZE": "next_url",
    "services/items/past/table_history.py::FEW": WHOLE,
    "services/items/tables/groups.py::CURRENCY_LENGTH": (
        f"{NONE}codes of currencies have three letters"
    ),
    "services/items/tables/listing.py::COUNT_LIMIT": COUNTED,
    "services/items/tables/listing.py::SEVERAL_LIMIT": COUNTED,
    "services/items/tables/columns/results.py::SAMPLE": (
        f"{NONE}it tells what kind a column is; every row is shown"
    ),
    "services/items/tables/selection.py::FEW": WHOLE,
    "services/sync/calls/budget.py::UNKNOWN_RATE_LIMIT": (
        f"{NONE}a guess where a provider tells no limit"
    ),
    "services/sync/deletions/held_deletions.py::SAMPLE": (
        "sample|length < collection.hold.count"
    ),
    "services/sync/failures.py::MOST_IN_A_ROW": FAILS,
    "services/sync/lanes.py::MOST_IN_TURNS": LATER,
    "services/sync/refresh/checkpoint.py::MOST_NOTED": "found.has_more_noted",
    "services/sync/refresh/collection.py::MOST_RESTARTS": FAILS,
    "services/sync/refresh/extras.py::MOST_TRIES": (
        f"{NONE}the next sync asks again; until then names stand for labels"
    ),
    "services/sync/texts/page_text.py::MOST_IN_A_ROW": LATER,
    "services/sync/calls/run_answers.py::MAX_CHARACTERS": WHOLE,
    "services/sync/runs.py::MOST_DELIVERIES": "Stopped: it kept killing its worker",
    "services/sync/spot_checks/due.py::LONGEST_RUN": (
        f"{NONE}no run that checks anything now was queued a week ago"
    ),
    "services/sync/spot_checks/due.py::MOST_CALLS": "proof.is_whole",
    "services/sync/spot_checks/sample.py::ENOUGH": "proof.is_whole",
    "services/writing/batches/bulk.py::MOST_ROWS": REFUSED,
    "services/writing/checks.py::MAX_TEXT": REFUSED,
    "services/writing/imports/csv_file.py::MAX_BYTES": REFUSED,
    "services/writing/imports/csv_file.py::MAX_COLUMNS": REFUSED,
    "services/writing/imports/csv_file.py::MAX_ROWS": REFUSED,
    "services/writing/imports/csv_file.py::SAMPLE_CHARACTERS": (
        f"{NONE}only how a file is written is guessed from it"
    ),
    "services/writing/imports/csv_file.py::SAMPLE_ROWS": (
        f"{NONE}only how a file is written is guessed from it"
    ),
    "services/writing/imports/running.py::MOST_OPEN": LATER,
    "services/writing/imports/uploads.py::MOST_KEPT": REFUSED,
    "services/writing/undo/undoing.py::LOOKED_AT": f"{NONE}these are names of columns",
    "services/connections/findings.py::MOST_NAMED": "; and {more} more",
    "services/connections/handover/bundle.py::LONGEST_LINE": REFUSED,
    "services/connections/handover/bundle.py::MOST_COST": REFUSED,
    "services/notices/following/digests.py::MOST_ENTRIES": "section.more",
    "services/notices/following/digests.py::MOST_PLANNED": LATER,
    "services/notices/following/follows.py::MOST_FOLLOWED": REFUSED,
    "services/notices/following/leavers.py::MARK_SIZE": WHOLE,
    "services/notices/following/leavers.py::MOST_ASKED": "views_not_asked",
    "services/notices/following/leavers.py::MOST_LEFT": OF_DIGEST,
    "services/notices/following/leavers.py::MOST_REMEMBERED": "leaves it is not told",
    "services/notices/following/news.py::MOST_CHANGES": "and earlier changes",
    "services/notices/following/news.py::MOST_FIELDS": "more field",
    "services/notices/following/news.py::MOST_LOOKED_AT": (
        "So much changed that only the latest was looked through"
    ),
    "services/notices/sending.py::MOST_TRIES": "not sent to {reader}",
    "services/notices/webhook.py::MAX_BYTES": (
        f"{NONE}nobody reads what a receiver answers"
    ),
    "services/common/sealing/opaque.py::MAX_TOKEN": REFUSED,
    "services/grants/introspection.py::MAX_BYTES": FAILS,
    "services/grants/revocation.py::MOST_TRIES": FAILS,
    "services/upkeep/checks/notices.py::MOST_NAMED": "and other reasons",
    "services/upkeep/checks/notices.py::MOST_TRIES": (
        f"{NONE}it only tells trouble from a passing refusal"
    ),
    "services/upkeep/checks/providers.py::MAX_BYTES": FAILS,
    "services/upkeep/overlap.py::LOOKED_AT": f"{NONE}older code is long gone then",
    "management/commands/notices.py::MOST_LISTED": "more notice",
    "management/acting.py::MOST_NAMED": "and {len(rows) - MOST_NAMED:,} more",
    "management/writing.py::MOST_TRIES": (
        f"{NONE}the workers go on; the command says that it is not sent yet"
    ),
}

# What is no number of things: lengths of one text, spans of time, digits, tries, and
# sizes of what a worker takes at once.
OTHERS = {
    *("LONG", "LONGEST", "MAX_LENGTH", "MAX_ID", "MAX_FIELD", "MAX_LEVEL"),
    *("MOST_DIGITS", "MOST_DECIMALS", "MOST_DAYS", "MOST_LENGTH", "MOST_OPTION"),
    *(
        "MOST_TEXT",
        "MOST_SECONDS",
        "MOST_CARRIED",
        "MOST_AHEAD",
        "MOST_IN_PROCESS",
        "MOST_A_MINUTE",
    ),
    *("MOST_ATTEMPTS", "MOST_AT_ONCE", "MOST_URL", "MOST_NAME", "MOST_FORMATS"),
    *("MOST_WIDTH", "MOST_CHARACTERS", "MOST_AMOUNT", "MOST_CURRENCY"),
    *("LONG_LABEL", "LONG_TEXT", "LONG_LINES", "LONG_LIST", "LONGEST_CHANGED"),
    *("MAX_ADDRESS", "LONG_QUEUED", "LONGEST_WAIT", "LONGEST_SLEEP", "LONGEST_PAUSE"),
    *("LONGEST_COUNTDOWN_SECONDS", "LONGEST_SECONDS", "LONGEST_SPACING"),
    *("LONGEST_BACKOFF", "LONGEST_UNSENT", "LONGEST_MONTH_DAYS", "MOST_SECONDS_APART"),
    *("LONGEST_NAP_SECONDS", "LONGEST_WAIT_SECONDS"),
}
