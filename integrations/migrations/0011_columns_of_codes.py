"""Let the columns of reasons hold codes only, now that they do."""

from django.db import migrations, models

CODES = (
    ("capped", "Capped"),
    ("not_exhaustive", "Not exhaustive"),
    ("parts_not_listed", "Parts not listed"),
    ("short_listing", "Short listing"),
    ("unreadable_items", "Unreadable items"),
    ("deletions_held", "Deletions held"),
    ("deletions_discarded", "Deletions discarded"),
    ("hold_superseded", "Held deletions read again"),
    ("full_refresh_failed", "Full refresh failed"),
    ("collection_deleted", "Collection deleted"),
    ("takes_turns", "Takes turns"),
    ("rate_limited", "Rate limit"),
    ("provider_down", "Provider in trouble"),
    ("quota_exhausted", "Quota used up"),
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
)


def column(**options: str) -> models.CharField:
    """Return the column of a code."""
    return models.CharField(blank=True, choices=CODES, max_length=40, **options)


class Migration(migrations.Migration):
    """Make the columns shorter."""

    dependencies = (("integrations", "0010_sentences_to_codes"),)
    operations = (
        migrations.AlterField("collection", "reason", column()),
        migrations.AlterField(
            "collection",
            "pending_reason",
            column(
                help_text=(
                    "What has not been looked into yet, although the rest is proven."
                )
            ),
        ),
        migrations.AlterField("itemcontent", "reason", column()),
        migrations.AlterField("syncrun", "reason", column()),
    )
