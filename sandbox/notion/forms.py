"""List the forms of the control page that change Notion's pages."""

from sandbox.core.provider import Field, Form

ID = Field(name="id", label="Id")

FORMS = (
    Form(
        title="Edit or create a page",
        has_type=False,
        orders=(("edit", "Save"), ("create", "Create inside it")),
        fields=(
            Field(name="id", label="Id (page, or data source to create in)"),
            Field(name="title", label="Title"),
            Field(name="text", label="Text to add"),
        ),
    ),
    Form(
        title="Trash, restore, delete, archive",
        has_type=False,
        orders=(
            ("trash", "Move to trash"),
            ("restore", "Restore"),
            ("delete", "Delete for good"),
            ("archive", "Archive"),
            ("unarchive", "Unarchive"),
        ),
        fields=(ID,),
    ),
    Form(
        title="Move and share",
        has_type=False,
        orders=(("move", "Move"), ("share", "Share"), ("unshare", "Unshare")),
        fields=(ID, Field(name="to", label="Move into (empty: to the top)")),
    ),
    Form(
        title="Change many at one moment",
        has_type=False,
        orders=(("touch", "Touch"),),
        fields=(
            Field(name="count", label="How many", value="25", is_number=True),
            Field(name="offset", label="After the first", value="0", is_number=True),
        ),
    ),
)
