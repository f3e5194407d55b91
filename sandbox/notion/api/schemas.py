"""Define the columns of the seeded data sources, one of every type among them."""

from typing import Any

Column = dict[str, Any]
COLORS = ("blue", "green", "yellow", "red", "gray", "purple")
CARRIERS = ("Nordpost", "Kestrel Air", "Río Express", "海運", "بريد")
STATES = ("Not started", "In progress", "Done")


def column(kind: str, name: str, column_id: str, **config: Any) -> Column:
    """Define one column."""
    return {"id": column_id, "name": name, "type": kind, "config": config}


def title(name: str) -> Column:
    """Define the title column; its id is always the same, its name never."""
    return column("title", name, "title")


def options(*names: str) -> list[dict[str, str]]:
    """Define the choices of a column."""
    return [
        {"id": f"opt{n}", "name": name, "color": COLORS[n % len(COLORS)]}
        for n, name in enumerate(names)
    ]


def status(name: str, column_id: str) -> Column:
    """Define a status column with its groups."""
    choices = options(*STATES)
    groups = [
        {
            "id": f"grp{n}",
            "name": ("To-do", "In progress", "Complete")[n],
            "color": choice["color"],
            "option_ids": [choice["id"]],
        }
        for n, choice in enumerate(choices)
    ]
    return column("status", name, column_id, options=choices, groups=groups)


def relation(name: str, column_id: str, source: str, database: str = "") -> Column:
    """Define a relation to the rows of a data source."""
    config: dict[str, Any] = {"data_source_id": source, "type": "single_property"}
    if database:
        config["database_id"] = database
    return column("relation", name, column_id, **config, single_property={})


SHIPMENTS = [
    title("Sendung"),
    column("number", "Weight", "w%3Ag", format="number"),
    column("date", "Shipped", "sh%7Bp"),
    column("select", "Carrier", "c%40rr", options=options(*CARRIERS)),
    column("checkbox", "Delivered", "d%60lv"),
]


def make_tasks(clients: str) -> list[Column]:
    """Define the tasks, which point to clients."""
    return [
        title("Task name"),
        status("Status", "st%3Ds"),
        column("people", "Assignee", "as%5Bn"),
        column("date", "Due", "du%3Be"),
        relation("Client", "cl%7Ct", clients),
        column("unique_id", "ID", "id%3Fx", prefix="TASK"),
        column("rich_text", "Notes", "n%24te"),
    ]


CLIENTS = [
    title("Company"),
    column("email", "E-mail", "em%40l"),
    column("phone_number", "Phone", "ph%23n"),
    column("url", "Website", "ur%3Cl"),
    column("multi_select", "Tags", "tg%2Bs", options=options("VIP", "Export", "新規")),
]
WIKI = [
    title("Page"),
    column("people", "Owner", "ow%40n"),
    column("verification", "Verification", "vf%3Ay"),
    column("multi_select", "Tags", "tg%21s", options=options("Policy", "How-to")),
]
PLAIN = [title("الاسم"), column("date", "تاريخ", "dt%3A1")]


def make_zoo(clients: str) -> list[Column]:
    """Define one column of every type."""
    by = {"rollup_property_name": "E-mail", "relation_property_name": "Relation"}
    by |= {"rollup_property_id": "em%40l", "relation_property_id": "rl%3Dn"}
    return [
        title("Название"),
        column("rich_text", "Text", "tx%3At"),
        column("number", "Number", "nu%3Db", format="euro"),
        column("select", "Select", "sl%40c", options=options("One", "Zwei", "三")),
        column("multi_select", "Multi", "ms%40c", options=options("a", "b", "c,d")),
        status("Status", "ss%40t"),
        column("date", "Date", "da%3Ft"),
        column("people", "People", "pp%3Dl"),
        column("files", "Files", "fi%3Al"),
        column("checkbox", "Checkbox", "cb%3Ax"),
        column("url", "URL", "ul%3Au"),
        column("email", "E-mail", "em%3Aa"),
        column("phone_number", "Phone", "ph%3Ao"),
        column("formula", "Formula", "fo%3Am", expression="2 * prop(Number)"),
        relation("Relation", "rl%3Dn", clients),
        column("rollup", "Rollup", "ru%3Ap", **by, function="count"),
        column("created_time", "Created", "ct%3Ae"),
        column("created_by", "Created by", "cb%3Ay"),
        column("last_edited_time", "Edited", "et%3Ae"),
        column("last_edited_by", "Edited by", "eb%3Ay"),
        column("unique_id", "Number in series", "ui%3Dd", prefix=None),
        column("verification", "Verified", "vr%3Ai"),
        column("button", "Button", "bt%3An"),
    ]
