"""Turn DATABASE_URL into Django's terms."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from config.env import Environment

SQLITE_OPTIONS = {
    "timeout": 20,
    # Without IMMEDIATE a transaction that reads and then writes cannot wait.
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        "PRAGMA busy_timeout=20000;PRAGMA temp_store=MEMORY;"
        "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=2000;"
    ),
}

POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    # A worker that stands still inside a transaction must not keep its rows from
    # the one that takes over; a pooler that refuses this can be told otherwise in
    # the address (?options=).
    "options": "-c idle_in_transaction_session_timeout=30000",
}


def read_database(env: Environment, *, base_dir: Path, var_dir: Path) -> dict[str, Any]:
    """Return the one database; without knowing which, nothing can start."""
    url = env.text("DATABASE_URL", f"sqlite:///{var_dir / 'mooring.sqlite3'}")
    scheme = url.partition(":")[0]
    if scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must start with sqlite:///, postgres:// or postgresql://"
        )
    try:
        database: dict[str, Any] = Env.db_url_config(url)
    except ValueError:
        # Without its cause, which may quote a password.
        raise ImproperlyConfigured("DATABASE_URL is not an address") from None
    if scheme == "sqlite":
        return _sqlite(database, base_dir)
    return {
        **database,
        "OPTIONS": {**POSTGRESQL_OPTIONS, **database.get("OPTIONS", {})},
        "CONN_MAX_AGE": env.whole("DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(database: dict[str, Any], base_dir: Path) -> dict[str, Any]:
    name = database["NAME"]
    if name != ":memory:":
        name = str(base_dir / name)
    return {"ENGINE": database["ENGINE"], "NAME": name, "OPTIONS": SQLITE_OPTIONS}
