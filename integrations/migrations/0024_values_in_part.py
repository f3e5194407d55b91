"""Give values that are kept in part a code of their own, in checkpoints as well.

A refresh that is under way goes on in both directions. The columns stay as they are:
only what may stand in them is more.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import migrations, models
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
        ("integrations", "0021_failed_revocations"),
    ]

    operations = [
        migrations.RunPython(_with(FORWARDS), _with(BACKWARDS)),
        migrations.AlterField(
            model_name="collection",
            name="pending_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("capped", "Capped"),
                    ("not_exhaustive", "Not exhaustive"),
                    ("parts_not_listed", "Parts not listed"),
                    ("values_in_part", "Values in part"),
                    ("short_listing", "Short listing"),
                    ("unreadable_items", "Unreadable items"),
                    ("deletions_held", "Deletions held"),
                    ("deletions_discarded", "Deletions discarded"),
                    ("hold_superseded", "Held deletions read again"),
                    ("full_refresh_failed", "Full refresh failed"),
                    ("collection_deleted", "Collection deleted"),
                    ("takes_turns", "Takes turns"),
                    ("extras_refused", "Optional parts refused"),
                    ("rate_limited", "Rate limit"),
                    ("provider_down", "Provider in trouble"),
                    ("provider_paused", "Provider paused"),
                    ("network", "Not reached"),
                    ("refreshing", "Key being renewed"),
                    ("nothing_shared", "Nothing shared"),
                    ("quota_exhausted", "Quota used up"),
                    ("plan_unknown", "Plan not said"),
                    ("no_permission", "No permission"),
                    ("not_found", "Not found"),
                    ("request_refused", "Request refused"),
                    ("odd_answer", "Answer not understood"),
                    ("connector_error", "Our mistake"),
                    ("no_token", "No usable permission"),
                    ("token_refused", "Permission refused"),
                    ("lease_lost", "Leases lost"),
                    ("cancelled", "Cancelled"),
                    ("connection_changed", "Connection changed"),
                    ("selection_changed", "Selection changed"),
                    ("reconnected", "Reconnected"),
                    ("disconnected", "Disconnected"),
                    ("paused", "Paused"),
                    ("collections", "Some collections"),
                    ("unknown", "Other"),
                ],
                help_text="What has not been looked into yet, although the rest is proven.",
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="collection",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("capped", "Capped"),
                    ("not_exhaustive", "Not exhaustive"),
                    ("parts_not_listed", "Parts not listed"),
                    ("values_in_part", "Values in part"),
                    ("short_listing", "Short listing"),
                    ("unreadable_items", "Unreadable items"),
                    ("deletions_held", "Deletions held"),
                    ("deletions_discarded", "Deletions discarded"),
                    ("hold_superseded", "Held deletions read again"),
                    ("full_refresh_failed", "Full refresh failed"),
                    ("collection_deleted", "Collection deleted"),
                    ("takes_turns", "Takes turns"),
                    ("extras_refused", "Optional parts refused"),
                    ("rate_limited", "Rate limit"),
                    ("provider_down", "Provider in trouble"),
                    ("provider_paused", "Provider paused"),
                    ("network", "Not reached"),
                    ("refreshing", "Key being renewed"),
                    ("nothing_shared", "Nothing shared"),
                    ("quota_exhausted", "Quota used up"),
                    ("plan_unknown", "Plan not said"),
                    ("no_permission", "No permission"),
                    ("not_found", "Not found"),
                    ("request_refused", "Request refused"),
                    ("odd_answer", "Answer not understood"),
                    ("connector_error", "Our mistake"),
                    ("no_token", "No usable permission"),
                    ("token_refused", "Permission refused"),
                    ("lease_lost", "Leases lost"),
                    ("cancelled", "Cancelled"),
                    ("connection_changed", "Connection changed"),
                    ("selection_changed", "Selection changed"),
                    ("reconnected", "Reconnected"),
                    ("disconnected", "Disconnected"),
                    ("paused", "Paused"),
                    ("collections", "Some collections"),
                    ("unknown", "Other"),
                ],
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="itemcontent",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("capped", "Capped"),
                    ("not_exhaustive", "Not exhaustive"),
                    ("parts_not_listed", "Parts not listed"),
                    ("values_in_part", "Values in part"),
                    ("short_listing", "Short listing"),
                    ("unreadable_items", "Unreadable items"),
                    ("deletions_held", "Deletions held"),
                    ("deletions_discarded", "Deletions discarded"),
                    ("hold_superseded", "Held deletions read again"),
                    ("full_refresh_failed", "Full refresh failed"),
                    ("collection_deleted", "Collection deleted"),
                    ("takes_turns", "Takes turns"),
                    ("extras_refused", "Optional parts refused"),
                    ("rate_limited", "Rate limit"),
                    ("provider_down", "Provider in trouble"),
                    ("provider_paused", "Provider paused"),
                    ("network", "Not reached"),
                    ("refreshing", "Key being renewed"),
                    ("nothing_shared", "Nothing shared"),
                    ("quota_exhausted", "Quota used up"),
                    ("plan_unknown", "Plan not said"),
                    ("no_permission", "No permission"),
                    ("not_found", "Not found"),
                    ("request_refused", "Request refused"),
                    ("odd_answer", "Answer not understood"),
                    ("connector_error", "Our mistake"),
                    ("no_token", "No usable permission"),
                    ("token_refused", "Permission refused"),
                    ("lease_lost", "Leases lost"),
                    ("cancelled", "Cancelled"),
                    ("connection_changed", "Connection changed"),
                    ("selection_changed", "Selection changed"),
                    ("reconnected", "Reconnected"),
                    ("disconnected", "Disconnected"),
                    ("paused", "Paused"),
                    ("collections", "Some collections"),
                    ("unknown", "Other"),
                ],
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("capped", "Capped"),
                    ("not_exhaustive", "Not exhaustive"),
                    ("parts_not_listed", "Parts not listed"),
                    ("values_in_part", "Values in part"),
                    ("short_listing", "Short listing"),
                    ("unreadable_items", "Unreadable items"),
                    ("deletions_held", "Deletions held"),
                    ("deletions_discarded", "Deletions discarded"),
                    ("hold_superseded", "Held deletions read again"),
                    ("full_refresh_failed", "Full refresh failed"),
                    ("collection_deleted", "Collection deleted"),
                    ("takes_turns", "Takes turns"),
                    ("extras_refused", "Optional parts refused"),
                    ("rate_limited", "Rate limit"),
                    ("provider_down", "Provider in trouble"),
                    ("provider_paused", "Provider paused"),
                    ("network", "Not reached"),
                    ("refreshing", "Key being renewed"),
                    ("nothing_shared", "Nothing shared"),
                    ("quota_exhausted", "Quota used up"),
                    ("plan_unknown", "Plan not said"),
                    ("no_permission", "No permission"),
                    ("not_found", "Not found"),
                    ("request_refused", "Request refused"),
                    ("odd_answer", "Answer not understood"),
                    ("connector_error", "Our mistake"),
                    ("no_token", "No usable permission"),
                    ("token_refused", "Permission refused"),
                    ("lease_lost", "Leases lost"),
                    ("cancelled", "Cancelled"),
                    ("connection_changed", "Connection changed"),
                    ("selection_changed", "Selection changed"),
                    ("reconnected", "Reconnected"),
                    ("disconnected", "Disconnected"),
                    ("paused", "Paused"),
                    ("collections", "Some collections"),
                    ("unknown", "Other"),
                ],
                max_length=40,
            ),
        ),
    ]
