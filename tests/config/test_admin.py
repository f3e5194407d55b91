"""The admin's pages are imported when they are needed first, by one thread or many."""

import os
import subprocess
import sys

# Modules are imported once, so each round is a process of its own.
RACE = """
import os, sys, threading
import django
django.setup()
from django.core import checks
from django.urls import reverse

def rush():
    failed, gate = [], threading.Barrier(6)
    def look(at):
        gate.wait()
        try:
            at()
        except Exception as exc:
            failed.append(exc)
    looks = [checks.run_checks] * 4 + [lambda: reverse("integrations:home")] * 2
    threads = [threading.Thread(target=look, args=(each,)) for each in looks]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return bool(failed)

sys.setswitchinterval(1e-6)
children = []
for _ in range(6):
    child = os.fork()
    if not child:
        os._exit(rush())
    children.append(child)
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
"""


def test_threads_that_need_the_pages_at_once_all_get_them():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([sys.executable, "-c", RACE], env=environment, check=False)
    assert done.returncode == 0
