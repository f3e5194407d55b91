"""What bounds pages and lists, and what shows it: by module and name.

A sign is a text that stands in a template or a module. ``NONE`` begins why a bound
needs none: nothing is left out by it, or nobody gets so far.
"""

NONE = "none: "
INPUT = f"{NONE}a form or an address holds so much; what it read is shown"
LOOK = f"{NONE}a choice of how to show it, with all of it on the page of the item"
WHOLE = f"{NONE}nothing is left out: it chooses between two ways to the same answer"
COUNTED = "is_more"
REFUSED = f"{NONE}whoever asks for more is refused in words"

BOUNDS = {
    "views/connections/detail.py::RUNS": "integrations:connection-runs",
    "views/connections/detail.py::HISTORY": "integrations:connection-runs",
    "views/connections/detail.py::ATTEMPTS": "integrations:connection-attempts",
    "views/connections/schema_changes.py::MOST": "older_schema_changes",
    "views/editing/imports.py::LISTED": "integrations:import-list",
    "views/editing/status.py::SHOWN": "integrations:connection-edits",
    "views/items/everything.py::MOST_SIDE": f"{NONE}more are not compared at all",
    "views/items/everything.py::MOST_ROWS": "more_rows",
    "views/items/facets.py::MAX_CHOICES": "… and {missing:,} more",
    "views/items/facts.py::MAX_CHANGES": "All changes of it",
    "views/items/head.py::MOST_FIELDS": LOOK,
    "views/items/past_times.py::MOST_SHOWN": "The first {{ most_shown }} are shown.",
    "views/items/tables/cells.py::MOST_PARTS": "+{}",
    "views/items/tables/cells.py::MOST_LINKED": "and {count} more",
    "views/items/tables/cells.py::MOST_TITLED": '["…"]',
    "views/items/tables/cells.py::MOST_TITLE": LOOK,
    "views/items/tables/charts.py::MOST_BARS": "charts_cut",
    "views/items/tables/charts.py::MOST_CHARTS": "charts_cut",
    "views/items/tables/chosen.py::MOST_NAMED": f"{NONE}a page has 100 rows at most",
    "views/items/tables/filters.py::MOST_OPTIONS": "more_options",
    "views/items/tables/rows.py::MOST_ROWS": "too_many_rows",
    "views/items/tables/rows.py::MOST_LINKS": "These are the first {{ most_links }}.",
    "views/own_columns/values.py::MOST_NAMES": "more_names",
    "views/saved_views/feed.py::MOST_ENTRIES": "latest_entries",
    "views/site/charts.py::MOST_COLLECTIONS": "Smaller ones",
    "views/site/home.py::RECENT_ITEMS": "All items",
    "views/site/recent_searches.py::MOST": f"{NONE}only the latest are remembered",
    "services/items/as_of.py::MOST_UNDONE": "is_page_partial",
    "services/items/changes.py::LOOKED_AT": "looked_until",
    "services/items/contents.py::MOST_BLOCKS": "content.is_truncated",
    "services/items/detail.py::MAX_DEPTH": "top_name",
    "services/items/detail.py::MAX_CHILDREN": "that it contains",
    "services/items/differences.py::MOST_CHANGED": "many_fields",
    "services/items/downloads/making.py::MOST_COUNTED": COUNTED,
    "services/items/downloads/orders.py::MOST_KEPT": REFUSED,
    "services/items/downloads/xlsx.py::MOST_ROWS": "most_rows",
    "services/items/downloads/xlsx.py::MOST_LINKS": f"{NONE}the text of a link stays",
    "services/items/everything.py::MOST_ITEMS": "and more",
    "services/items/links.py::MAX_LINKS": "and {missing} more",
    "services/items/own_columns/store.py::MOST_COLUMNS": REFUSED,
    "services/items/own_columns/store.py::MOST_OPTIONS": REFUSED,
    "services/items/query.py::MAX_SEARCH": "is_shortened",
    "services/items/related.py::MOST": "more_related",
    "services/items/related.py::MOST_TRACES": LOOK,
    "services/items/related.py::LOOKED_AT": "has_more",
    "services/items/relations/around.py::MOST_LINKS": "more than",
    "services/items/relations/tables.py::MOST_TABLES": "Linked as well",
    "services/items/relations/tables.py::MOST_ROWS": "table.url",
    "services/items/relations/tables.py::MOST_COLUMNS": LOOK,
    "services/items/saved_views/store.py::MOST_VIEWS": REFUSED,
    "services/items/search/addresses.py::MOST_PARTS": INPUT,
    "services/items/search/addresses.py::MOST_FOUND": (
        f"{NONE}an id is that of one item, and of one in each account at most"
    ),
    "services/items/search/grouped.py::MOST_SHOWN": "group.has_more",
    "services/items/search/passages.py::MOST_PASSAGES": LOOK,
    "services/items/search/related_names.py::MOST_NAMES": "links_not_followed",
    "services/items/search/related_names.py::MOST_UNITS": INPUT,
    "services/items/search/related_names.py::MOST_WORDS": INPUT,
    "services/items/search/texts.py::MOST_BYTES": (
        f"{NONE}PostgreSQL holds no more of one item; the documentation of the search "
        "says that the last words of its longest values are lost"
    ),
    "services/items/search/texts.py::MOST_KNOWN": f"{NONE}a memory that begins anew",
    "services/items/table_history.py::MOST_LOOKED_AT": "difference.is_partial",
    "services/items/tables/columns.py::MOST_DEFAULT": LOOK,
    "services/items/tables/groups.py::MOST_GROUPS": "groups_left_out",
    "services/items/tables/groups.py::MOST_SUMS": "unsummed_columns",
    "services/items/tables/incoming.py::MOST_NAMED": "has_more",
    "services/items/tables/indexes.py::MOST_INDEXES": WHOLE,
    "services/items/tables/linked_names.py::MOST_NAMED": "links_not_followed",
    "services/items/tables/operators.py::MOST_CHOICES": "more than can be used",
    "services/items/tables/table_query.py::MOST_CONDITIONS": "can be used at once",
    "services/items/tables/table_query.py::MOST_COLUMNS": "can be shown at once",
    "services/items/tables/totals.py::MOST_CURRENCIES": "unsummed",
    "services/items/tables/values.py::MOST_VALUES": "in_part",
    "services/items/tables/values.py::MOST_LINKED": "in_part",
    "services/items/unread_texts.py::MOST_COUNTED": COUNTED,
}

# What is no number of things: lengths of one text, spans of time, digits, tries, and
# sizes of what a worker takes at once.
OTHERS = {
    *("LONG", "LONGEST", "MAX_LENGTH", "MAX_ID", "MAX_FIELD", "MAX_LEVEL", "SAMPLE"),
    *("MOST_DIGITS", "MOST_DECIMALS", "MOST_DAYS", "MOST_LENGTH", "MOST_OPTION"),
    *("MOST_TEXT", "MOST_SECONDS", "MOST_CARRIED", "MOST_AHEAD", "MOST_A_MINUTE"),
    *("MOST_ATTEMPTS", "MOST_AT_ONCE", "MOST_URL", "MOST_NAME", "MOST_FORMATS"),
    *("MOST_WIDTH", "MOST_CHARACTERS", "MOST_AMOUNT", "MOST_CURRENCY"),
    *("LONG_LABEL", "LONG_TEXT", "LONG_LINES", "LONG_LIST", "LONGEST_CHANGED"),
    *("MAX_ADDRESS",),
}
