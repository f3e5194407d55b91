"""Give values that are kept in part a code of their own, in checkpoints as well.

A refresh that is under way goes on in both directions. The columns stay as they are:
only what may stand in them is more.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

FORWARDS = {"parts_not_listed": "values_in_part"}
BACKWARDS = {"values_in_part": "parts_not_listed"}


def _rename(checkpoint: dict[str, Any], codes: Mapping[str, str]) -> bool:
    """Rename the code of what is pending in a checkpoint; tell whether it was there."""
    waiting = checkpoint.get("waiting")
    has_changed = isinstance(waiting, dict) and _rename(waiting, codes)
    pending = checkpoint.get("pending")
    if isinstance(pending, dict) and pending.get("kind") in codes:
        pending["kind"] = codes[pending["kind"]]
        return True
    return has_changed


def _with(codes: Mapping[str, str]) -> Callable[..., None]:
    def run(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        collections = apps.get_model("integrations", "Collection").objects.using(
            editor.connection.alias
        )
        for old, new in codes.items():
            collections.filter(pending_reason=old).update(pending_reason=new)
        for collection in collections.exclude(checkpoint={}).iterator():
            if _rename(collection.checkpoint, codes):
                collection.save(update_fields=["checkpoint"])

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0023_spot_checks"),
    ]

    operations = [
        migrations.RunPython(_with(FORWARDS), _with(BACKWARDS)),
    ]
