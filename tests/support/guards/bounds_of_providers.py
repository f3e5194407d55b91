"""What bounds what is read of a provider, and what shows it: as ``bounds.py`` says."""

NONE = "none: "
CUT = "{text[: limit - 1]}{MORE}"
REST = "The rest is too long to be shown"
TRUNCATED = "content.is_truncated"
IN_PART = "ReasonCode.VALUES_IN_PART: ("
CAPPED = "ReasonCode.CAPPED: _capped"
NOT_ALL = "ReasonCode.NOT_EXHAUSTIVE:"
NOT_LISTED = "ReasonCode.PARTS_NOT_LISTED: _parts_not_listed"
FIELDS = '"more_fields": "fields"'
FAILS = f"{NONE}the call fails, and the run says why"
TIME = f"{NONE}a span of time: what is out of it is another time or none"
ODD = f"{NONE}nobody writes so; what does is no such value, and shown as a text or odd"
PAGE = f"{NONE}so many come with one call; the next call brings more"
LATER = f"{NONE}what is left over comes next"
LOOK = f"{NONE}only its look is lost, no word of it"
OPTIONS = f"{NONE}values are kept by name; a list of choices says so at a fifth of it"
ID = f"{NONE}no provider has so long an id"
NO_LINK = f"{NONE}there is no link instead of a wrong one"
MEMORY = f"{NONE}a memory; what it has lost is asked for again"

BOUNDS = {
    "http/responses/answers.py::MAX_BYTES": MEMORY,
    "http/resilience/backoff.py::MAX_RETRY_AFTER": TIME,
    "http/responses/body.py::MAX_DEPTH": FAILS,
    "http/responses/body.py::MAX_DIGITS": FAILS,
    "http/client.py::MAX_BYTES": FAILS,
    "http/client.py::MAX_PAUSE": TIME,
    "http/resilience/clock.py::RECENT": f"{NONE}the median of so many times",
    "http/resilience/limits.py::MAX_BLOCK": TIME,
    "http/resilience/limits.py::MAX_WAIT": TIME,
    "models/items/table.py::TEXT_LENGTH": 'data-code="beginnings"',
    "oauth/client.py::MAX_BYTES": FAILS,
    "oauth/tokens.py::MAX_LIFETIME": TIME,
    "oauth/tokens.py::MAX_SCOPES": f"{NONE}more are as if none were told",
    "oauth/tokens.py::MAX_TOKEN": FAILS,
    "providers/airtable/api/bases.py::MAX_BASES": NOT_LISTED,
    "providers/airtable/api/bases.py::MAX_PAGES": FAILS,
    "providers/airtable/api/bases.py::MAX_TABLES": NOT_LISTED,
    "providers/airtable/listing/changes.py::MOST_PROBES": LATER,
    "providers/airtable/listing/records.py::PAGE_SIZE": PAGE,
    "providers/airtable/mapping/cells.py::DAY_LENGTH": TIME,
    "providers/airtable/mapping/cells.py::MAX_JSON": CUT,
    "providers/airtable/mapping/definitions.py::MOST_PARTS": (
        f"{NONE}of more, any change in the base is taken for one"
    ),
    "providers/airtable/mapping/fields.py::MAX_DEPTH": ODD,
    "providers/airtable/mapping/fields.py::MAX_OPTIONS": OPTIONS,
    "providers/airtable/mapping/items.py::MAX_NAME": CUT,
    "providers/airtable/mapping/values.py::MAX_TEXT": '"… [cut]"',
    "providers/text/html_blocks.py::MAX_BLOCKS": LOOK,
    "providers/text/html_blocks.py::MAX_SPANS": LOOK,
    "providers/text/html_blocks.py::MAX_TAG": LOOK,
    "providers/text/html_blocks.py::MAX_TEXT": REST,
    "providers/hubspot/api/classify.py::MAX_SCOPES": (
        f"{NONE}one call needs fewer permissions"
    ),
    "providers/hubspot/listing/labels.py::MOST_NAMES": MEMORY,
    "providers/hubspot/api/limits.py::MAX_HEADER": f"{NONE}the name of a header",
    "providers/hubspot/api/limits.py::MOST_CALLS": f"{NONE}a higher rate is nonsense",
    "providers/hubspot/api/limits.py::MOST_MILLISECONDS": TIME,
    "providers/hubspot/api/refusals.py::MAX_FIELD_NAME": ID,
    "providers/hubspot/api/refusals.py::MAX_REFUSED": (
        f"{NONE}no write sends more values"
    ),
    "providers/hubspot/listing/changes.py::MAX_PROBES": LATER,
    "providers/hubspot/listing/changes.py::SEARCH_SIZE": PAGE,
    "providers/hubspot/listing/lookups.py::MAX_OWNER_PAGES": (
        '"more_owners": "names of owners"'
    ),
    "providers/hubspot/listing/records.py::BATCH_SIZE": PAGE,
    "providers/hubspot/listing/records.py::PAGE_SIZE": PAGE,
    "providers/hubspot/listing/schema.py::MAX_FIELDS": FIELDS,
    "providers/hubspot/listing/schema.py::MAX_PROPERTIES_LENGTH": (
        f"{NONE}it chooses between two calls with the same answer"
    ),
    "providers/hubspot/mapping/fields.py::MAX_DESCRIPTION": CUT,
    "providers/hubspot/mapping/fields.py::MAX_LABEL": CUT,
    "providers/hubspot/mapping/fields.py::MAX_OPTIONS": (
        f"{NONE}no property of HubSpot's has more"
    ),
    "providers/hubspot/mapping/items.py::MAX_MERGED": (
        f"{NONE}HubSpot merges no more into one record"
    ),
    "providers/hubspot/mapping/items.py::MAX_NAME": CUT,
    "providers/hubspot/mapping/items.py::MAX_VALUE": '"… [cut]"',
    "providers/hubspot/mapping/links.py::MAX_LINK_PAGES": (
        "ReasonCode.LINKS_CAPPED: _links_capped"
    ),
    "providers/hubspot/overwritten.py::MOST_WITH_HISTORY": PAGE,
    "providers/hubspot/spec.py::USUAL_RATE_LIMIT": (
        f"{NONE}a rate until HubSpot tells its own"
    ),
    "providers/listing.py::MAX_CURSOR": FAILS,
    "providers/text/markdown.py::MAX_LINE": f"{NONE}a longer line is read in parts",
    "providers/text/markdown_blocks.py::MAX_MARKED": LOOK,
    "providers/notion/api/classify.py::MAX_WAIT": TIME,
    "providers/notion/api/content.py::MOST_FOLLOW_UPS": TRUNCATED,
    "providers/notion/api/literal.py::MOST_CALLS": LOOK,
    "providers/notion/api/paging.py::PAGE_SIZE": PAGE,
    "providers/notion/listing/discovery.py::MOST_PAGES": LATER,
    "providers/notion/listing/inventory.py::MOST_ROUNDS": NOT_ALL,
    "providers/notion/reading/people.py::MOST_PAGES": '"more_people": "names of',
    "providers/notion/listing/probing.py::MOST_PROBES": LATER,
    "providers/notion/reading/reader.py::MAX_HEIGHT": (
        f"{NONE}the item is there, at the top; nobody nests so many blocks"
    ),
    "providers/notion/reading/reader.py::MOST_CALLS": LATER,
    "providers/notion/reading/reader.py::MOST_TRIES": NOT_ALL,
    "providers/notion/reading/rest.py::MOST_CALLS": IN_PART,
    "providers/notion/reading/rest.py::MOST_PAGES": IN_PART,
    "providers/notion/listing/rows.py::MOST_CHECKED": NOT_ALL,
    "providers/notion/listing/rows.py::MOST_REST": IN_PART,
    "providers/notion/listing/rows.py::MOST_RESULTS": CAPPED,
    "providers/airtable/listing/structure.py::MOST_TRIES": "could not be listed",
    "providers/notion/listing/walking.py::MAX_DEPTH": NOT_ALL,
    "providers/notion/listing/walking.py::MOST_PARTS": (
        f"{NONE}nothing is left out: of more of them the whole page is walked"
    ),
    "providers/notion/mapping/outline.py::MAX_BLOCKS": TRUNCATED,
    "providers/notion/mapping/outline.py::MAX_CELLS": TRUNCATED,
    "providers/notion/mapping/outline.py::MAX_CHARACTERS": TRUNCATED,
    "providers/notion/mapping/outline.py::MAX_CODE": TRUNCATED,
    "providers/notion/mapping/outline.py::MAX_DEPTH": LOOK,
    "providers/notion/mapping/rich.py::MAX_URL": NO_LINK,
    "providers/notion/mapping/schema.py::MAX_FIELDS": FIELDS,
    "providers/notion/mapping/schema.py::MAX_LABEL": CUT,
    "providers/notion/mapping/schema.py::MAX_OPTIONS": OPTIONS,
    "providers/notion/mapping/titles.py::MAX_ICON": f"{NONE}no emoji is as long",
    "providers/notion/mapping/titles.py::MAX_ICON_NAME": CUT,
    "providers/notion/mapping/titles.py::MAX_NAME": CUT,
    "providers/notion/mapping/titles.py::MAX_REFERENCES": IN_PART,
    "providers/notion/mapping/values.py::MAX_DEPTH": ODD,
    "providers/notion/mapping/values.py::MAX_LIST": "[*kept, MORE]",
    "providers/notion/mapping/values.py::MAX_STATE": CUT,
    "providers/notion/mapping/values.py::MAX_TEXT": CUT,
    "providers/notion/mapping/values.py::MAX_URL": NO_LINK,
    "providers/typed/former_fields.py::MOST": LOOK,
    "providers/typed/plain.py::MAX_SHOWN_ID": f"{NONE}a longer id tells a user nothing",
    "providers/typed/plain.py::MOST_UNITS": f"{NONE}the smallest units of a long span",
    "providers/records.py::MAX_COLOURED": LOOK,
    "providers/text/rich_text.py::MAX_DEPTH": LOOK,
    "providers/records.py::MOST_SCHEMAS": f"{NONE}others are read anew",
    "providers/typed/values.py::MAX_NAME": CUT,
    "providers/typed/values.py::MAX_SCOPES": (
        f"{NONE}no provider has as many permissions"
    ),
    "providers/typed/values.py::MAX_TIME": ODD,
    "providers/typed/values.py::MAX_URL": NO_LINK,
    "providers/typed/values.py::MOST_EXPONENT": ODD,
}
