"""List the forms of the control page that change HubSpot's records."""

from sandbox.core.provider import Field, Form

ID = Field(name="id", label="Id", is_number=True)

FORMS = (
    Form(
        title="Edit one record",
        orders=(("edit", "Save"), ("create", "Create new")),
        fields=(
            ID,
            Field(name="property", label="Property", hint="firstname"),
            Field(name="value", label="Value"),
        ),
    ),
    Form(
        title="Archive, restore, merge",
        orders=(
            ("archive", "Archive"),
            ("restore", "Restore"),
            ("merge", "Merge"),
            ("erase", "Erase for good"),
        ),
        fields=(
            ID,
            Field(name="other", label="Merge this id into it", is_number=True),
        ),
    ),
    Form(
        title="Change many at one moment",
        orders=(("touch", "Touch"),),
        fields=(
            Field(name="count", label="How many", value="25", is_number=True),
            Field(name="offset", label="After the first", value="0", is_number=True),
        ),
    ),
)
