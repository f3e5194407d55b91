"""DATABASE_URL in Django's terms."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote

from config.environment.address import split_address
from config.environment.env import TRUE, Environment

# How long a statement waits for other writers wherever nothing else is said.
WAIT_SECONDS: Final = 20
SQLITE_OPTIONS = {
    "timeout": WAIT_SECONDS,
    # Without IMMEDIATE a transaction that reads and then writes cannot wait.
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        f"PRAGMA busy_timeout={WAIT_SECONDS * 1000};PRAGMA temp_store=MEMORY;"
        "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=2000;"
    ),
}

POSTGRESQL: Final = frozenset({"postgres", "postgresql"})
POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    # A worker that stands still inside a transaction must not keep its rows from
    # the one that takes over; a pooler that refuses this can be told otherwise in
    # the address (?options=). Statements of pages take milliseconds, in which helpers
    # are started and code is compiled for longer than both save. Some rows of a table
    # are the same ones with each page, and not those where another reader just is.
    "options": (
        "-c idle_in_transaction_session_timeout=30000"
        " -c max_parallel_workers_per_gather=0 -c jit=off"
        " -c synchronize_seqscans=off"
    ),
}
# A page goes on with the primary when the replica's host is gone without a word. libpq
# waits two seconds at least for a connection; the user timeout is in milliseconds.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
VANISHED: Final = {
    "tcp_user_timeout": 2000,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
}


def read_database(env: Environment, *, base_dir: Path, var_dir: Path) -> dict[str, Any]:
    """Return the one database; of an address that makes no sense, one of no use.

    Nothing starts then, and what can say why does so without a database.
    """
    url = env.text("DATABASE_URL", f"sqlite:///{var_dir / 'mooring.sqlite3'}")
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return _sqlite(rest, base_dir)
    try:
        database = _postgresql(split_address(url))
    except ValueError:
        env.refuse(
            "E026",
            "DATABASE_URL",
            "is not the address of a database.",
            "Write postgres://user:password@host:5432/name, or sqlite:///path.",
        )
        return {"ENGINE": "django.db.backends.dummy", "NAME": ""}
    database["CONN_MAX_AGE"] = env.whole("DATABASE_CONN_MAX_AGE", default=60)
    return database


def read_replica(env: Environment) -> dict[str, Any] | None:
    """Return the read replica of a PostgreSQL, None where there is none."""
    url = env.text("REPLICA_DATABASE_URL")
    if not url:
        return None
    try:
        replica = _postgresql(split_address(url))
    except ValueError:
        replica = {"NAME": ""}
    if not replica["NAME"]:
        env.refuse(
            "E027",
            "REPLICA_DATABASE_URL",
            "is not the address of a PostgreSQL.",
            "Write postgres://user:password@host:5432/name.",
        )
        return None
    replica["OPTIONS"] = {**VANISHED, **replica["OPTIONS"], "connect_timeout": 2}
    return replica


def _sqlite(path: str, base_dir: Path) -> dict[str, Any]:
    name = unquote(path.removeprefix("/").partition("?")[0])
    if name not in {"", ":memory:"}:
        name = str(base_dir / name)
    return {
        "ENGINE": "config.sqlite",
        "NAME": name or ":memory:",
        "OPTIONS": SQLITE_OPTIONS,
    }


def _postgresql(url: SplitResult) -> dict[str, Any]:
    """Return PostgreSQL's settings; what is behind the ``?`` goes to its driver.

    So a socket or several hosts are named as libpq does: ``?host=/run/postgresql``.
    ValueError for what is no such address.
    """
    if url.scheme not in POSTGRESQL:
        raise ValueError("no such scheme")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    # Django's own: a pooler that works by transactions loses server-side cursors.
    cursors = options.pop("DISABLE_SERVER_SIDE_CURSORS", "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.removeprefix("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": url.port or "",
        "OPTIONS": {**POSTGRESQL_OPTIONS, **options},
        "DISABLE_SERVER_SIDE_CURSORS": cursors.lower() in TRUE,
        "CONN_HEALTH_CHECKS": True,
    }
