"""The form of a bulk edit: which property, and the one value that all rows get."""

from typing import Any

from integrations.providers.capabilities import WritesItems
from integrations.providers.writing import WritableField
from integrations.views.editing.form import PREFIX, ItemForm, typed
from integrations.views.editing.shown import Shown


class BulkForm(ItemForm):
    """Take one value; an empty one clears the property of every row."""

    def __init__(
        self, data: Any = None, *, writer: WritesItems, field: WritableField
    ) -> None:
        super().__init__(
            data,
            writer=writer,
            fields={field.name: field},
            shown=Shown.now({}, {}),
        )
        self.only = field
        for name in ("key", "base"):
            del self.fields[name]

    def value(self) -> Any:
        """Return the value in the provider's own form."""
        return self.to_raw(self.only, typed(self.cleaned_data[PREFIX + self.only.name]))
