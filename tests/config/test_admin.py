"""The admin's pages are imported when they are needed first, by one thread or many."""

import os
import subprocess
import sys
from importlib import import_module

from django.conf import settings
from django.contrib import admin

# Modules are imported once, so it is a process of its own. An app without pages is what
# puts back the pages that were known before it was looked at: one thread looks until
# another one, which began later, has all of them, or waits for the first.
RACE = """
from threading import Event, Thread
import django
django.setup()
from django.contrib import admin
from django.core import checks
from django.urls import reverse
from django.utils import module_loading

load, is_looking, is_done = module_loading.import_module, Event(), Event()

def look(name):
    try:
        return load(name)
    except ModuleNotFoundError:
        if not is_looking.is_set():
            is_looking.set()
            is_done.wait(1)
        raise

def come_later():
    is_looking.wait()
    reverse("integrations:home")
    is_done.set()

module_loading.import_module = look
first = Thread(target=checks.run_checks, kwargs={"tags": [checks.Tags.admin]})
later = Thread(target=come_later)
first.start(), later.start(), first.join(), later.join()
print(*sorted(model._meta.label for model in admin.site._registry))
"""


def test_threads_that_need_the_pages_at_once_all_get_them():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    import_module(settings.ROOT_URLCONF)
    known = sorted(model._meta.label for model in admin.site._registry)

    done = subprocess.run(
        [sys.executable, "-c", RACE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.split() == known
