"""A worker imports what its work needs, and no pages."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# What only pages need, and what each of them brings along.
OF_PAGES = ("config.urls", "integrations.views.downloads", "fido2")
START = f"""
import sys
from config.celery import app
app.loader.import_default_modules()
assert "integrations.services.sync.engine" in sys.modules
print(*(name for name in {OF_PAGES} if name in sys.modules))
"""


def test_a_worker_starts_without_pages() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "CELERY_SKIP_CHECKS"}

    told = subprocess.run(
        [sys.executable, "-c", START],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert told.stdout.split() == []
