"""A provider written by the command alone works, and is the one in the docs."""

import difflib
import os
import re
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.management.names import find_meaning
from integrations.management.scaffolding import Scaffold
from tests.support.migrated import fingerprint

ROOT = Path(__file__).resolve().parents[2]
LISTS = ("integrations/providers/__init__.py", "sandbox/providers.py", ".env.example")
COPIED = ("config", "integrations", "sandbox", "static", "templates", "tests", "docs")
FILES = (".env.example", "manage.py", "pyproject.toml", "README.md", "requirements.txt")
# What another process is compiling has another name, and soon none.
UNFINISHED = shutil.ignore_patterns("*.pyc.*")
BLOCK = re.compile(r"^`(\S+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MOST_LINES = 450
MOST_LINES_OF_ITS_OWN = 80


@pytest.fixture
def project(tmp_path: Path, settings: Any) -> Path:
    """Return an empty project that has the lists a provider is added to."""
    for name in LISTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    settings.BASE_DIR = tmp_path
    return tmp_path


def start(name: str) -> str:
    out = StringIO()
    call_command("startprovider", name, stdout=out)
    return out.getvalue()


def files_below(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {str(p.relative_to(root)): p.read_bytes() for p in found}


@pytest.mark.parametrize(
    "name",
    ["", "Acme", "1acme", "my-acme", "my_acme", "../x", "class", "x" * 21, "âcme"],
)
def test_a_name_that_cannot_be_a_slug_is_refused(project: Path, name: str) -> None:
    before = files_below(project)

    with pytest.raises(CommandError, match="cannot be the name"):
        start(name)

    assert files_below(project) == before


@pytest.mark.parametrize("name", ["hubspot", "acme", "values", "core"])
def test_a_name_that_is_taken_is_refused(project: Path, name: str) -> None:
    (project / "integrations/providers/acme").mkdir()
    (project / "integrations/providers/values.py").touch()
    (project / "sandbox/core").mkdir()
    before = files_below(project)

    with pytest.raises(CommandError, match=r"already"):
        start(name)

    assert files_below(project) == before


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("tasks", "a package of integrations"),
        ("models", "a package of integrations"),
        ("views", "a package of integrations"),
        ("signin", "a package of integrations"),
        ("mfa", "the label of an installed app"),
        ("socialaccount", "the label of an installed app"),
        ("connection", "a word of the product"),
        ("items", "a word of the product"),
        ("page", "a word of the product"),
        ("mooring", "a word of the product"),
        ("token", "a word of the product"),
        ("type", "a word of Python"),
        ("match", "a word of Python"),
    ],
)
def test_a_name_that_means_something_else_is_refused(
    project: Path, name: str, meaning: str
) -> None:
    before = files_below(project)

    with pytest.raises(CommandError, match=f"'{name}' has a meaning already"):
        start(name)

    assert find_meaning(name).startswith(meaning)
    assert files_below(project) == before


def test_a_name_that_is_only_part_of_words_is_free() -> None:
    assert "checkbox" in "".join(path.read_text() for path in TEMPLATES)

    assert find_meaning("heckbo") == ""


def test_what_is_written_is_said(project: Path) -> None:
    told = start("acme")

    assert "wrote integrations/providers/acme/connector.py" in told
    assert "wrote sandbox/acme.py" in told
    for name in LISTS:
        assert f"changed {name}" in told


def test_a_list_that_looks_odd_is_left_alone_and_the_lines_are_shown(
    project: Path,
) -> None:
    for name in LISTS:
        (project / name).write_text("# odd\n", encoding="utf-8")

    told = start("acme")

    for name in LISTS:
        assert f"add to {name}:" in told
        assert (project / name).read_text(encoding="utf-8") == "# odd\n"
    assert "    Acme(),\n" in told
    assert "    acme.PROVIDER,\n" in told
    assert "#ACME_CLIENT_ID=\n" in told


def test_without_a_sandbox_only_the_provider_is_written(project: Path) -> None:
    shutil.rmtree(project / "sandbox")

    told = start("acme")

    assert "sandbox" not in told
    assert not (project / "sandbox").exists()


def test_the_docs_show_the_files_that_are_written() -> None:
    text = (ROOT / "docs" / "adding-a-provider.md").read_text(encoding="utf-8")
    scaffold = Scaffold(slug="acme", root=ROOT)
    written = {str(p.relative_to(ROOT)): t for p, t in scaffold.files().items()}

    shown = dict(BLOCK.findall(text))

    folder = "integrations/providers/acme"
    assert shown.keys() >= {
        f"{folder}/spec.py",
        f"{folder}/connector.py",
        f"{folder}/fixtures/contract.json",
        "sandbox/acme.py",
    }
    assert shown == {path: written.get(path) for path in shown}
    assert scaffold.render("env.txt").rstrip() in text


def test_the_connector_and_its_spec_are_read_at_a_glance() -> None:
    files = Scaffold(slug="acme", root=ROOT).files().items()

    own = [text for path, text in files if path.name in {"connector.py", "spec.py"}]

    assert len(own) == 2
    assert sum(len(text.splitlines()) for text in own) <= MOST_LINES_OF_ITS_OWN


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the whole project with a fourth provider in it."""
    root = tmp_path_factory.mktemp("fourth")
    # What is compiled comes along: to compile it all takes longer than to run it.
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=UNFINISHED)
    for name in FILES:
        shutil.copy(ROOT / name, root / name)
    kept = f"var/tests/migrated-{fingerprint()}.sqlite3"
    if (ROOT / kept).exists():
        # It has the same migrations, which take its tests most of their time.
        (root / kept).parent.mkdir(parents=True)
        shutil.copy(ROOT / kept, root / kept)
    if (ROOT / ".mypy_cache").exists():
        # What a check of the project's types has left; only the rest is checked again.
        shutil.copytree(ROOT / ".mypy_cache", root / ".mypy_cache")
    code, told = run(root, "manage.py", "startprovider", "acme")
    assert code == 0, told
    return root


def run(root: Path, *words: str) -> tuple[int, str]:
    """Run Python in a copy; return its exit code and what it said."""
    environ = {
        **os.environ,
        "ENV_FILE": "off",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTEST_ADDOPTS": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, *words],
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_fourth_provider_is_few_lines_and_touches_nothing_else(copy: Path) -> None:
    added = 0
    for name, text in files_below(copy).items():
        if "__pycache__" in name or name.endswith(".pyc") or "mypy_cache" in name:
            continue
        before = ROOT / name
        old = before.read_bytes() if before.is_file() else b""
        if text == old:
            continue
        is_own = name.startswith("integrations/providers/acme/")
        assert is_own or name in {*LISTS, "sandbox/acme.py"}, name
        lines = list(
            difflib.ndiff(old.decode().splitlines(), text.decode().splitlines())
        )
        added += sum(line.startswith("+ ") for line in lines)
    assert 0 < added <= MOST_LINES


def test_the_files_pass_the_formatter_the_linter_and_the_types(copy: Path) -> None:
    own = ("integrations/providers/acme", *LISTS[:2], "sandbox/acme.py")

    for words in (
        ("ruff", "check", "--no-cache", *own),
        ("ruff", "format", "--check", "--no-cache", *own),
        ("mypy", "integrations/providers/acme", "sandbox/acme.py"),
    ):
        code, told = run(copy, "-m", *words)
        assert code == 0, told


def test_a_fourth_provider_keeps_every_promise_and_makes_the_whole_journey(
    copy: Path,
) -> None:
    suites = ("contract", "simulators", "journeys", "registry")
    tests = [f"tests/providers/test_{name}.py" for name in suites]
    # Two tests of the whole project: the settings' example, and who names providers.
    tests += ["tests/config/test_settings.py", "tests/test_architecture.py"]
    kept = "acme or test_the_example_names or names_it"

    code, told = run(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", kept, *tests
    )

    assert code == 0, told[-4000:]
    assert re.search(r"\d{2} passed", told)
