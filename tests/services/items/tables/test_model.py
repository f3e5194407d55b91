"""Tables sort and filter as plain Python does over what a page shows of each item."""

import random
import unicodedata
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.http import QueryDict

from integrations.models import Item, PropertyIndex
from integrations.providers.records import IntegrationItem
from integrations.providers.typed.fields import (
    SEVERAL,
    Boolean,
    Date,
    DateTime,
    Duration,
    Money,
    Number,
    Percent,
    Relation,
    User,
)
from integrations.providers.typed.plain import plain
from integrations.services.items.described import describe
from integrations.services.items.storage import store
from integrations.services.items.tables import listing, selection
from integrations.services.items.tables.columns.columns import Family, columns_of
from integrations.services.items.tables.columns.values import identity
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.operators import (
    ALLOWED,
    LISTS,
    NEGATED,
    Operator,
)
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from tests.support.rows import NOON, make_collection, make_connection, make_items

ZONE, TODAY = ZoneInfo("America/New_York"), date(2026, 11, 10)
ME = "usrMMMMMMMMMMMMMM"
WORDS = ("Éclair", "eclair", "ZÜRICH", "zurich", "10 %", "a_b", "it's", "日本", "Ab,c")
USERS = [
    {"id": ME, "email": "me@example.com", "name": "Same Name"},
    {"id": "usrOOOOOOOOOOOOOO", "email": "o@example.com", "name": "Same Name"},
    {"id": "usrPPPPPPPPPPPPPP", "email": "p@example.com", "name": "Other"},
]
# What rows are linked with, by its id.
PARTS = {f"rec{n:014}": name for n, name in enumerate(("bolt", "nut", "bolt m8"))}
CHOICES = ("To do", "Doing", "Done")
FIELDS = {
    "fldText0000000000": ("singleLineText", "text"),
    "fldNumber00000000": ("number", "number"),
    "fldMoney000000000": ("currency", "money"),
    "fldPercent0000000": ("percent", "percent"),
    "fldDuration000000": ("duration", "duration"),
    "fldBox00000000000": ("checkbox", "boolean"),
    "fldDay00000000000": ("date", "date"),
    "fldTime0000000000": ("dateTime", "datetime"),
    "fldChoice00000000": ("singleSelect", "choice"),
    "fldChoices0000000": ("multipleSelects", "choices"),
    "fldUser0000000000": ("singleCollaborator", "user"),
    "fldUsers000000000": ("multipleCollaborators", "user"),
    "fldFiles000000000": ("multipleAttachments", "files"),
    "fldLinks000000000": ("multipleRecordLinks", "relation"),
}
SCHEMA = {
    "fields": [
        {"name": name, "label": name, "kind": kind}
        for name, (_, kind) in FIELDS.items()
    ],
    "formats": {
        name: {"type": kind, "symbol": "$", "precision": 2}
        for name, (kind, _) in FIELDS.items()
    },
}


def cell(kind, chance):
    """Return a random cell of a type as Airtable gives it, None for an empty one."""
    if chance.random() < 0.25:
        return None
    at = datetime(2026, 11, 10, tzinfo=UTC) + timedelta(hours=chance.randrange(-96, 96))
    makers = {
        "singleLineText": lambda: chance.choice(WORDS),
        "number": lambda: chance.choice((-3, 0, 0.1, 7, 7.5, 1e12)),
        "currency": lambda: chance.choice((0, 9.99, 1000, -5)),
        "percent": lambda: chance.choice((0, 0.25, 0.55, 1)),
        "duration": lambda: chance.choice((60, 3600, 5400)),
        "checkbox": lambda: True,
        "date": lambda: at.date().isoformat(),
        "dateTime": at.isoformat,
        "singleSelect": lambda: chance.choice(CHOICES),
        "multipleSelects": lambda: chance.sample(CHOICES, chance.randrange(1, 4)),
        "singleCollaborator": lambda: chance.choice(USERS),
        "multipleCollaborators": lambda: chance.sample(USERS, chance.randrange(1, 4)),
        "multipleAttachments": lambda: [{"id": "att", "filename": "Plan.PDF"}],
        "multipleRecordLinks": lambda: [
            f"rec{n:014}" for n in range(chance.randrange(1, 4))
        ],
    }
    return makers[kind]()


@pytest.fixture
def table(alice):
    chance = random.Random(7)
    connection = make_connection(alice, provider="airtable", remote_id=ME)
    made = make_collection(
        connection,
        remote_id="appB/tblT",
        item_type="record",
        schema=SCHEMA,
        first_full_refresh_at=NOON,
    )
    rows = []
    for _ in range(80):
        cells = {name: cell(kind, chance) for name, (kind, _) in FIELDS.items()}
        kept = {name: value for name, value in cells.items() if value is not None}
        rows.append({"name": chance.choice(WORDS), "properties": kept})
    make_items(made, rows)
    parts = make_collection(connection, remote_id="appB/tblP", item_type="record")
    linked = [
        IntegrationItem(id=remote_id, type="record", name=name)
        for remote_id, name in PARTS.items()
    ]
    store.store_page(parts, linked, run_id=None, now=NOON)
    made.refresh_from_db()
    return made


ASKER = Asker(zone=ZONE, today=TODAY, identities=(identity(ME),))


def ask(table, address):
    """Return the keys of the rows that an address shows, page after page."""
    columns = columns_of(table)
    query = TableQuery.parse(table.pk, QueryDict(address), columns)
    assert query.left_out == (), address
    found = []
    while query is not None:
        ready = indexes.prepare(table, query.indexed)
        page = listing.fetch_page(Selection.make(table, query, ready, ASKER))
        found += [item.pk for item in page.items]
        query = page.next
    return found


def told_of(table, column_id):
    """Return what describe tells of a column, by the item's key."""
    told = {}
    for item in Item.objects.live().filter(collection=table):
        fields = {f.name: f.value for f in describe(table, item.properties)}
        value = fields.get(column_id)
        values = value.values if isinstance(value, SEVERAL) else (value,)
        told[item.pk] = [each for each in values if each is not None]
    return told


def comparable(value):
    match value:
        case Number() | Money():
            return value.amount
        case Percent():
            return value.share
        case Duration():
            return value.seconds
        case Boolean():
            return value.is_true
        case Date():
            return datetime(*value.day.timetuple()[:3], tzinfo=UTC)
        case DateTime():
            return value.at
        case Relation():
            return PARTS[value.linked_ids[0]]
    return folded(plain(value))


def folded(text):
    """Return a text as people type it who have no accents on their keyboard."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    letters = (each for each in apart if not unicodedata.combining(each))
    return " ".join("".join(letters).split())


def test_each_type_is_sorted_both_ways_unknown_last_and_stable(table):
    for column_id in FIELDS:
        told = told_of(table, column_id)
        known = [key for key, values in told.items() if values]
        unknown = [key for key, values in told.items() if not values]
        placed = sorted(known, key=lambda key: (comparable(told[key][0]), key))

        up = ask(table, f"sort={column_id}")
        down = ask(table, f"sort=-{column_id}&size=25")

        assert up == [*placed, *sorted(unknown)], column_id
        assert down == [*placed[::-1], *sorted(unknown, reverse=True)], column_id


def day_of(value):
    return value.day if isinstance(value, Date) else value.at.astimezone(ZONE).date()


def holds(value, operator, wanted, kind):
    """Tell whether one value has what a condition is about, or its opposite."""
    if isinstance(value, Date | DateTime):
        day = day_of(value)
        if operator == Operator.LAST:
            return TODAY - timedelta(days=int(wanted[0])) < day <= TODAY
        if operator == Operator.NEXT:
            return TODAY <= day < TODAY + timedelta(days=int(wanted[0]))
        wanted = [date.fromisoformat(each) for each in wanted]
        own = day
    elif operator in {Operator.ME, Operator.SAME}:
        return isinstance(value, User) and value.id == ME
    elif isinstance(value, Boolean):
        return operator != Operator.TOLD and value.is_true == (wanted[0] == "yes")
    elif isinstance(value, Number | Money | Percent | Duration):
        own = float(comparable(value))
        wanted = [float(w) / (100 if kind == "percent" else 1) for w in wanted]
    elif isinstance(value, Relation):
        names = [PARTS[each] for each in value.linked_ids]
        is_part = operator in {Operator.CONTAINS, Operator.LACKS}
        texts = [folded(each) for each in wanted]
        return any(text in (n if is_part else [n]) for n in names for text in texts)
    else:
        own, wanted = comparable(value), [folded(each) for each in wanted]
    return {
        Operator.IS: lambda: own == wanted[0],
        Operator.IS_NOT: lambda: own == wanted[0],
        Operator.ONE_OF: lambda: own in wanted,
        Operator.NONE_OF: lambda: own in wanted,
        Operator.CONTAINS: lambda: wanted[0] in own,
        Operator.LACKS: lambda: wanted[0] in own,
        Operator.STARTS: lambda: own.startswith(wanted[0]),
        Operator.GREATER: lambda: own > wanted[0],
        Operator.LESS: lambda: own < wanted[0],
        Operator.AT_LEAST: lambda: own >= wanted[0],
        Operator.AT_MOST: lambda: own <= wanted[0],
        Operator.BETWEEN: lambda: min(wanted[:2]) <= own <= max(wanted[:2]),
        Operator.BEFORE: lambda: own < wanted[0],
        Operator.AFTER: lambda: own > wanted[0],
    }[operator]()


WANTED = {
    "text": (
        ["eclair"],
        ["ÉCLAIR"],
        ["zürich"],
        ["10 %"],
        ["A_B"],
        ["it's"],
        ["Z"],
        ["日"],
        ["%"],
    ),
    "number": (["7"], ["0.1"], ["-3"]),
    "money": (["9.99"], ["0"]),
    "percent": (["55"], ["25"]),
    "duration": (["3600"], ["5400"]),
    "boolean": (["yes"], ["no"]),
    "date": (["2026-11-10"], ["2026-11-08"]),
    "datetime": (["2026-11-10"], ["2026-11-08"]),
    "choice": (["done"], ["To do"], ["do"]),
    "choices": (["DONE"], ["do"]),
    "user": (["same name"], ["Other"]),
    "files": (["plan"],),
    "relation": (["bolt"], ["Nut"]),
}


AMOUNTS = {"number", "money", "percent", "duration"}


def values_for(operator, kind, chosen):
    if operator in {Operator.ME, Operator.EMPTY, Operator.FILLED}:
        return []
    if operator == Operator.SAME:
        return [f"{identity(ME):.0f}", "Same Name"]
    if operator == Operator.TOLD:
        return ["Neither"]
    if operator in {Operator.LAST, Operator.NEXT}:
        return ["2"]
    if operator == Operator.BETWEEN:
        return [chosen[0], "2026-11-11" if kind.startswith("date") else "4000"]
    if operator in LISTS and kind in {*AMOUNTS, "relation"}:
        return [chosen[0], "Nut" if kind == "relation" else "0.1"]
    if operator in LISTS:
        return [chosen[0], "Ab,c"]
    return chosen


@pytest.mark.parametrize("column_id", FIELDS)
def test_each_operator_of_each_type_finds_what_python_finds(table, column_id):
    column = columns_of(table).by_id[column_id]
    kind, told = FIELDS[column_id][1], told_of(table, column_id)
    found_any = 0
    for operator in ALLOWED[column.family]:
        # Some have one value, whatever is chosen.
        every = [values_for(operator, kind, chosen) for chosen in WANTED[kind]]
        for wanted in every if every[0] != every[-1] else every[:1]:
            if operator in {Operator.EMPTY, Operator.FILLED}:
                expected = {
                    k for k, v in told.items() if bool(v) != (operator == "empty")
                }
            else:
                expected = {
                    key
                    for key, values in told.items()
                    if any(holds(v, operator, wanted, kind) for v in values)
                }
            if operator in NEGATED - {Operator.FILLED}:
                # Of rows without a value as well.
                expected = set(told) - expected
            address = QueryDict(mutable=True)
            written = ",".join(f'"{each}"' for each in wanted)
            is_list = len(wanted) > 1
            address[f"{column_id}__{operator}"] = (
                written if is_list else (wanted or ["1"])[0]
            )
            found = ask(table, f"{address.urlencode()}&sort=-{column_id}")

            assert len(found) == len(set(found))
            assert set(found) == expected, (operator, wanted)
            found_any += bool(expected)
    assert found_any
    assert column.family in Family


def test_two_users_of_one_name_are_two(table):
    me = ask(table, "fldUser0000000000__me=1")
    both = ask(table, "fldUser0000000000__is=Same+Name")

    assert set(me) < set(both)


def test_all_and_any_of_several_filters(table):
    done, high = "fldChoice00000000__is=Done", "fldNumber00000000__gt=5"
    one, other = set(ask(table, done)), set(ask(table, high))

    assert set(ask(table, f"{done}&{high}")) == one & other
    assert set(ask(table, f"{done}&{high}&match=any")) == one | other
    every = {*ask(table, "")}
    assert set(ask(table, "fldChoice00000000__not=Done")) == every - one


@pytest.mark.parametrize(
    ("found", "opposite"),
    [("is", "not"), ("in", "not_in"), ("contains", "not_contains")],
)
def test_each_row_has_a_condition_or_its_opposite(table, found, opposite):
    some = ask(table, f"fldChoices0000000__{found}=Done")
    rest = ask(table, f"fldChoices0000000__{opposite}=Done")

    assert not set(some) & set(rest)
    assert {*some, *rest} == {*ask(table, "")}
    assert {*ask(table, "fldChoices0000000__empty=1")} <= {*rest}


MANY = (
    "fldNumber00000000__gt=0",
    "fldNumber00000000__gt=0&fldMoney000000000__filled=1",
    "fldNumber00000000__gt=0&fldChoice00000000__not=Done&sort=-fldDay00000000000",
    "fldChoices0000000__is=Done&fldUsers000000000__filled=1&sort=fldNumber00000000",
    "fldChoice00000000__is=Done&fldBox00000000000__is=yes&match=any&sort=-fldText0000000000",
    "fldChoice00000000__not=Done&fldText0000000000__contains=e&match=any",
    "fldMoney000000000__between=9.99,1000&fldText0000000000__starts=z&sort=item.name",
    "fldChoice00000000__not_in=Done,Doing&fldText0000000000__contains=E",
    "fldText0000000000__not_contains=é&fldNumber00000000__gt=0&sort=-fldDay00000000000",
)


@pytest.mark.parametrize("address", MANY)
def test_many_rows_are_the_same_as_few_whichever_way_they_are_found(
    table, monkeypatch, address
):
    few = ask(table, f"{address}&size=25")
    assert few

    for module in (selection, listing):
        monkeypatch.setattr(module, "FEW", 2)
    for looks in ((), (1, 2), (3, 9), (600,)):
        monkeypatch.setattr(listing, "LOOKS", looks)
        assert ask(table, f"{address}&size=25") == few, looks


@pytest.mark.skipif(database.vendor != "sqlite", reason="it counts SQLite's steps")
def test_two_filters_cost_no_more_for_each_row_where_there_are_more_rows(table):
    address = "fldNumber00000000__gt=-5&fldMoney000000000__gt=-9&sort=fldDay00000000000"
    ask_once(table, address)
    few, rows = steps_of(table, address), Item.objects.filter(collection=table).count()
    more = list(Item.objects.filter(collection=table).values("name", "properties"))
    PropertyIndex.objects.all().delete()
    make_items(table, more * 15)
    table.refresh_from_db()
    ask_once(table, address)

    many = steps_of(table, address)

    assert many / few < 2 * 16, (few, many, rows)


def ask_once(table, address):
    """Return a page and its count."""
    query = TableQuery.parse(table.pk, QueryDict(address), columns_of(table))
    ready = indexes.prepare(table, query.indexed)
    selected = Selection.make(table, query, ready, ASKER)
    page = listing.fetch_page(selected)
    return page, listing.count(selected, page)


def steps_of(table, address):
    """Return how many steps, in hundreds, SQLite takes for a page and its count."""
    steps = []
    database.connection.set_progress_handler(lambda: steps.append(1) and None, 100)
    ask_once(table, address)
    database.connection.set_progress_handler(None, 100)
    return len(steps)


ASKED_WITH = (
    ("fldDay00000000000", Operator.IS_NOT),
    ("fldNumber00000000", Operator.ONE_OF),
    ("fldMoney000000000", Operator.ONE_OF),
    ("fldLinks000000000", Operator.ONE_OF),
    ("fldText0000000000", Operator.LACKS),
    ("fldLinks000000000", Operator.LACKS),
    ("fldFiles000000000", Operator.LACKS),
    ("fldChoices0000000", Operator.NONE_OF),
    ("fldUser0000000000", Operator.NONE_OF),
    ("fldNumber00000000", Operator.NONE_OF),
    ("fldNumber00000000", Operator.AT_LEAST),
    ("fldPercent0000000", Operator.AT_MOST),
    ("fldBox00000000000", Operator.IS_NOT),
)


def test_a_type_has_the_operators_that_people_ask_it_with(table):
    columns = columns_of(table).by_id

    assert [
        (column_id, operator)
        for column_id, operator in ASKED_WITH
        if operator not in ALLOWED[columns[column_id].family]
    ] == []
