"""List the forms of the control page that change Airtable's bases and records."""

from sandbox.core.provider import Field, Form

ID = Field(name="id", label="Record id", hint="rec…")
BASE = Field(name="base", label="Base: id or name", hint="Operations")
TABLE = Field(name="table", label="Table: id or name", hint="Customers")
FIELD = Field(name="field", label="Field: id or name", hint="Notes")
NAME = Field(name="name", label="New name")
VALUE = Field(name="value", label="Value")

FORMS = (
    Form(
        title="Change a record",
        orders=(("edit", "Save"), ("delete", "Delete")),
        fields=(ID, FIELD, VALUE),
        has_type=False,
    ),
    Form(
        title="Create a record",
        orders=(("create", "Create"),),
        fields=(BASE, TABLE, FIELD, VALUE),
        has_type=False,
    ),
    Form(
        title="Change many at one moment",
        orders=(("touch", "Touch"),),
        fields=(
            BASE,
            TABLE,
            Field(name="count", label="How many", value="25", is_number=True),
            Field(name="offset", label="After the first", value="0", is_number=True),
        ),
        has_type=False,
    ),
    Form(
        title="Fields",
        orders=(
            ("fields/rename", "Rename"),
            ("fields/add", "Add"),
            ("fields/retype", "Change type"),
            ("fields/remove", "Remove"),
        ),
        fields=(
            BASE,
            TABLE,
            FIELD,
            NAME,
            Field(name="to", label="Type", hint="number"),
        ),
        has_type=False,
    ),
    Form(
        title="Tables and bases",
        orders=(
            ("tables/rename", "Rename table"),
            ("tables/add", "Add table"),
            ("tables/remove", "Remove table"),
            ("bases/rename", "Rename base"),
            ("bases/unshare", "Stop sharing base"),
            ("bases/share", "Share base again"),
        ),
        fields=(BASE, TABLE, NAME),
        has_type=False,
    ),
    Form(
        title="Calls used this month",
        orders=(("quota/set", "Set"),),
        fields=(
            Field(name="id", label="Workspace id", hint="wsp…"),
            Field(name="calls", label="Calls", value="999", is_number=True),
        ),
        has_type=False,
    ),
)
