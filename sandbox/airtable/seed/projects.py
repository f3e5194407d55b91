"""Plan the tables of people who work together: tasks, meetings, articles."""

from sandbox.airtable.seed import words
from sandbox.airtable.seed.makers import make_name, make_note, make_title
from sandbox.airtable.seed.plans import FieldPlan, TablePlan, choices, links, plain

STAGES = ("Idea", "Doing", "Review", "Done ✅")

PEOPLE = TablePlan(
    key="people",
    name="People",
    size=150,
    fields=(
        plain("name", "Name", "singleLineText", make_name),
        plain("user", "User", "singleCollaborator", lambda d: d.person()),
        links("tasks", "Tasks", "tasks", "owner", back=True),
    ),
)
TASKS = TablePlan(
    key="tasks",
    name="Tasks",
    size=5_000,
    fields=(
        plain("title", "Title", "singleLineText", make_title),
        links("owner", "Owner", "people", "tasks", most=2),
        FieldPlan(
            key="stage",
            name="Status",
            type="singleSelect",
            options=choices(*STAGES),
            cell=lambda d: d.pick(STAGES),
        ),
        FieldPlan(
            key="effort",
            name="Effort",
            type="duration",
            options={"durationFormat": "h:mm"},
            cell=lambda d: d.whole(80) * 900 if d.happens(0.6) else None,
        ),
        FieldPlan(
            key="done",
            name="Done",
            type="checkbox",
            options={"icon": "check", "color": "greenBright"},
            cell=lambda d: d.cells.get("stage") == STAGES[3],
        ),
        plain("notes", "Notes", "richText", lambda d: words.MARKDOWN * d.whole(1)),
    ),
)
MEETINGS = TablePlan(
    key="meetings",
    name="Meetings",
    size=300,
    fields=(
        # The primary field is a moment: a title must be made from something else.
        FieldPlan(
            key="when",
            name="When",
            type="dateTime",
            options={
                "dateFormat": {"name": "iso", "format": "YYYY-MM-DD"},
                "timeFormat": {"name": "24hour", "format": "HH:mm"},
                "timeZone": "Europe/Berlin",
            },
            cell=lambda d: d.moment(),
        ),
        plain("topic", "Topic", "singleLineText", make_title),
        plain("guests", "Guests", "multipleCollaborators", lambda d: [d.person()]),
    ),
)
ARTICLES = TablePlan(
    key="articles",
    name="مقالات",
    size=600,
    description="نصوص من اليمين إلى اليسار",
    fields=(
        plain("title", "العنوان", "singleLineText", lambda d: d.pick(words.ARTICLES)),
        links("author", "الكاتب", "authors", "articles"),
        plain("body", "النص", "richText", make_note),
        plain("link", "الرابط", "url", lambda d: f"https://example.com/a/{d.number}"),
    ),
)
AUTHORS = TablePlan(
    key="authors",
    name="كُتّاب",
    size=60,
    fields=(
        plain("name", "الاسم", "singleLineText", make_name),
        links("articles", "مقالات", "articles", "author", back=True),
    ),
)


def make_simple(key: str, name: str, size: int) -> TablePlan:
    """Plan a table of names and notes."""
    fields = (
        plain("name", "Name", "singleLineText", make_title),
        plain("notes", "Notes", "multilineText", make_note),
    )
    return TablePlan(key=key, name=name, size=size, fields=fields)
