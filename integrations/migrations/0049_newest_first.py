"""Index runs, refreshes and notices by their dates: lists and retention read by them.

Without a transaction around it, so that it can go on where it was interrupted.
"""

from django.db import migrations, models

from integrations.migrations import _beside_use as beside_use

INDEXES = (
    ("syncrun", models.Index(fields=("-queued_at", "-id"), name="sync_run_newest")),
    (
        "refreshattempt",
        models.Index(fields=("-started_at", "-id"), name="refresh_attempt_newest"),
    ),
    ("notice", models.Index(fields=("-created_at", "-id"), name="notice_newest")),
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0048_moved_grants"),)
    operations = (
        *(beside_use.AddIndex(model, index) for model, index in INDEXES),
        migrations.AlterField(
            "collection",
            "full_refresh_wanted_at",
            models.DateTimeField(
                blank=True,
                null=True,
                help_text=(
                    "When one failed on its way, or spot checks found too much wrong."
                ),
            ),
        ),
    )
