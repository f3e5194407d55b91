"""Everything the site keeps is closed to other users of the machine."""

import stat
from pathlib import Path

import pytest

from tests.config.test_settings import PRODUCTION
from tests.support import fresh

WRITE = (
    "import django, os; from pathlib import Path; django.setup();"
    "from django.conf import settings;"
    "(settings.VAR_DIR / 'new').write_text('x'); (settings.VAR_DIR / 'more').mkdir()"
)


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.lstat().st_mode))


def start(var_dir: Path, code: str = WRITE, **values: str) -> None:
    """Run a process of ours as one does who has a generous umask."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": "off",
        "VAR_DIR": str(var_dir),
        **PRODUCTION,
        "DATABASE_URL": f"sqlite:///{var_dir / 'mooring.sqlite3'}",
        **values,
    }
    done = fresh.program(code, **environment)
    assert done.returncode == 0, done.stderr


def test_what_a_process_writes_only_its_user_can_read(tmp_path: Path) -> None:
    var_dir = tmp_path / "var"

    start(var_dir)

    assert mode(var_dir) == "0o700"
    assert mode(var_dir / "new") == "0o600"
    assert mode(var_dir / "more") == "0o700"


def test_what_was_made_before_is_closed_at_the_next_start(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.sqlite3"
    var_dir = tmp_path / "var"
    (var_dir / "valkey" / "appendonlydir").mkdir(parents=True)
    (var_dir / "fallback_store").mkdir()
    files = [
        var_dir / "mooring.sqlite3",
        var_dir / "mooring.sqlite3-wal",
        var_dir / "sandbox.sqlite3",
        var_dir / "valkey" / "appendonlydir" / "appendonly.aof",
        var_dir / "fallback_store" / "answer.json",
        elsewhere,
    ]
    for path in files:
        path.touch(mode=0o644)
        path.chmod(0o644)
    for path in (var_dir, var_dir / "valkey", var_dir / "fallback_store"):
        path.chmod(0o755)

    start(var_dir, "import config.settings", DATABASE_URL=f"sqlite:///{elsewhere}")

    assert {mode(path) for path in files} == {"0o600"}
    for path in (var_dir, var_dir / "valkey", var_dir / "fallback_store"):
        assert mode(path) == "0o700"


def test_a_directory_that_is_everybodys_stays_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)

    start(tmp_path, "import config.settings")

    assert mode(tmp_path) == "0o1777"


def test_others_can_read_the_static_files(tmp_path: Path) -> None:
    static = tmp_path / "static"
    # Ours are enough: to compress those of packages takes seconds.
    large = ["admin", "django_htmx"]
    options = f"interactive=False, verbosity=0, ignore_patterns={large}"
    code = "from django.core.management import call_command; import django;"

    start(
        tmp_path / "var",
        code + f"django.setup(); call_command('collectstatic', {options})",
        STATIC_ROOT=str(static),
    )

    paths = [static, *static.rglob("*")]
    assert {mode(path) for path in paths if path.is_dir()} == {"0o755"}
    assert {mode(path) for path in paths if path.is_file()} == {"0o644"}


@pytest.mark.parametrize("value", ["", "off", "on"])
def test_preloading_is_the_operators_choice(tmp_path: Path, value: str) -> None:
    values = {"HSTS_PRELOAD": value} if value else {}
    code = (
        "import config.settings as s;"
        f"assert s.SECURE_HSTS_PRELOAD is {value == 'on'}, s.SECURE_HSTS_PRELOAD"
    )

    start(tmp_path / "var", code, **values)
