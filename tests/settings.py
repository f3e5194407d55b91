"""Set the site up for tests: no environment of this machine, no network, no Redis."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_example = Path(__file__).resolve().parent.parent / ".env.example"
for _line in _example.read_text(encoding="utf-8").splitlines():
    os.environ.pop(_line.lstrip("# ").partition("=")[0], None)
os.environ |= {
    "ENV_FILE": "off",
    "SECRET_KEY": "a key for tests only, long enough to pass its check",
    "TOKEN_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", "sqlite://:memory:"),
    "PUBLIC_BASE_URL": "http://localhost:8000",
    "SANDBOX": "http://localhost:8100",
    "LOG_LEVEL": "DEBUG",
}

from config.settings import *  # noqa: E402 - the environment comes first

# What one run of the tests remembers is nothing to the next.
VAR_DIR = Path(tempfile.mkdtemp(prefix="mooring-tests-"))
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)

if DATABASES["default"]["NAME"] == ":memory:":
    # pytest-django gives each worker a file where it does not know the backend.
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}
    # A database in memory that threads share refuses to read a table that another one
    # writes to, which neither a file nor a server does.
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA read_uncommitted=1;"
# Nothing listens on the discard port, and a test never waits for it.
CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# The real hasher costs a quarter of a second for every user made.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
# Static files are looked for when one is asked for, not all for every test client.
WHITENOISE_AUTOREFRESH = True
