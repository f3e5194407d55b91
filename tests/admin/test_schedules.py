"""What beat starts is described in the admin, and edited nowhere."""

from django.conf import settings
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from integrations.admin import schedules


def test_whatever_beat_starts_has_words():
    started = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert started <= set(schedules.WORDS)


def test_schedules_are_told_in_words(as_staff):
    half_minute = IntervalSchedule.objects.create(every=30, period="seconds")
    PeriodicTask.objects.create(
        name="sweep", task="integrations.tasks.sweep", interval=half_minute
    )

    page = as_staff.get("/admin/django_celery_beat/periodictask/")

    assert b"Bring back stuck work, and delete what is old" in page.content


def test_a_schedule_is_not_edited_where_a_restart_would_undo_it(as_staff):
    every = IntervalSchedule.objects.create(every=30, period="seconds")
    task = PeriodicTask.objects.create(
        name="sweep", task="integrations.tasks.sweep", interval=every
    )
    base = "/admin/django_celery_beat"

    page = as_staff.get(f"{base}/periodictask/{task.pk}/change/")

    assert "cannot be edited" in page.content.decode()
    assert "SWEEP_INTERVAL" in page.content.decode()
    assert b'name="_save"' not in page.content
    for path in (f"{task.pk}/change/", f"{task.pk}/delete/", "add/"):
        assert as_staff.post(f"{base}/periodictask/{path}", {}).status_code == 403
    assert as_staff.get(f"{base}/intervalschedule/").status_code == 404
