"""What benchmarks name is there: nothing but the types of them is checked otherwise.

None is run here; `python -m tests.bench --smallest` starts each of them.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection as database
from django.urls import Resolver404, resolve

from sandbox.management.commands.sandbox import Command
from sandbox.providers import PROVIDERS
from tests.bench import __main__ as bench
from tests.bench.site.site import SANDBOX, Site
from tests.bench.soak.fleet import PLACES
from tests.bench.support.smallest import SIZES

ROOT = Path(__file__).resolve().parent.parent
BENCHES = ROOT / "tests" / "bench"
OURS = re.compile(r"(tests|integrations|config|sandbox)(\.[a-z_]\w*)+")
ADDRESS = re.compile(r"/([a-z]+/)*(\?.*)?")
STATEMENT = re.compile(r"(select|update|insert|delete) ")
SWITCHES = {switch.name for provider in PROVIDERS for switch in provider.switches}
# Addresses in a provider's place and of the floor, and parts of others.
PARTS = {"/bench", "/bare/", "/oauth/", "/collections/"}


def trees() -> Iterator[ast.Module]:
    """Yield the modules but for those of peers, which know nothing of the product."""
    for path in sorted(BENCHES.rglob("*.py")):
        if path.parent.name != "peers":
            yield ast.parse(path.read_text("utf-8"))


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield a module's texts; those with names in them where these are texts too."""
    known = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            known |= {ast.unparse(target): node.value.value for target in node.targets}
    parts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            yield "".join(_filled(part, known) for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in parts:
            yield str(node.value)


def _filled(part: ast.expr, known: dict[str, object]) -> str:
    """Return a part of a text; what stands for another value stays in braces."""
    if isinstance(part, ast.FormattedValue):
        name = ast.unparse(part.value)
        return str(known.get(name, f"{{{name}}}"))
    return ast.literal_eval(part)


ALL = {text for tree in trees() for text in texts(tree)}


def is_there(name: str) -> bool:
    """Tell whether a dotted name is of a task, of a module, or of something in one."""
    module, _, last = name.rpartition(".")
    whole, part = (ROOT / each.replace(".", "/") for each in (name, module))
    files = (whole, whole.with_suffix(".py"))
    if name in current_app.tasks or any(file.exists() for file in files):
        return True
    return last in names_in(part.with_suffix(".py"))


def names_in(path: Path) -> set[str]:
    """Return what a module defines at its top, nothing of one that is not there."""
    if not path.exists():
        return set()
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else []
        for each in targets:
            found |= {n.id for n in ast.walk(each) if isinstance(n, ast.Name)}
    return found


def test_every_module_and_task_that_a_benchmark_names_is_there() -> None:
    named = {text for text in ALL if OURS.fullmatch(text)}

    assert "tests.bench.site.pages" in named
    assert not [name for name in sorted(named) if not is_there(name)]


def test_every_benchmark_measures_and_has_its_smallest_sizes() -> None:
    places = {name: BENCHES / f"{name}.py" for name in bench.BENCHES}
    places["soak"] = BENCHES / "soak" / "soak.py"

    assert set(places) == set(SIZES)
    for name, path in places.items():
        assert {"measure", *SIZES[name]} <= names_in(path), name


def test_every_setting_of_a_benchmark_is_one_of_the_product() -> None:
    names = {name for each in (*bench.BENCHES.values(), bench.SOAK) for name in each}
    example = (ROOT / ".env.example").read_text("utf-8")
    known = {*re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)}

    assert not names - known


@pytest.mark.django_db
def test_every_statement_of_a_benchmark_suits_the_tables() -> None:
    found = {text for text in ALL if STATEMENT.match(text) and "{" not in text}
    statements = {sql for sql in found if "integrations_" in sql}

    assert len(statements) > 4
    for sql in sorted(statements):
        with database.cursor() as cursor:
            marks = sql.count("?")
            cursor.execute(f"EXPLAIN {sql.replace('?', '%s')}", [None] * marks)


def test_every_address_that_a_benchmark_asks_for_is_one_of_the_product() -> None:
    asked = {text for text in ALL if ADDRESS.fullmatch(text)} - PARTS

    assert "/items/" in asked
    assert not [address for address in sorted(asked) if not leads(address)]


def leads(address: str) -> bool:
    try:
        resolve(address.partition("?")[0])
    except Resolver404:
        return False
    return True


def test_every_process_that_a_benchmark_starts_is_planned(tmp_path: Path) -> None:
    planned = {each.name for each in Site(tmp_path).stack.plan.processes}
    named = {text for text in ALL if re.fullmatch(r"worker-[a-z0-9-]+", text)}

    assert {"web", "valkey", "beat"} < planned
    # The soak starts a second one of some.
    assert not {name.removesuffix("-2") for name in named} - planned


@pytest.mark.parametrize("sizes", [p.sizes for p in PLACES.values()], ids=PLACES)
def test_the_sandbox_takes_the_sizes_that_a_benchmark_gives(
    tmp_path: Path, sizes: dict[str, int]
) -> None:
    site = Site(tmp_path, SANDBOX="on")

    site.resize_sandbox(**sizes)

    command = site.stack.commands[SANDBOX]
    at = command.index(SANDBOX)
    parser = Command().create_parser("manage.py", SANDBOX)
    told = vars(parser.parse_args(command[at + 1 :]))
    assert {name: told[name] for name in sizes} == sizes
    assert told["reset"]


def test_every_switch_that_a_benchmark_turns_is_one_of_the_sandbox() -> None:
    turned = {name for place in PLACES.values() for name in place.switches}
    for tree in trees():
        turned |= {*_switches(tree)}

    assert "rate_limits" in turned
    assert not turned - SWITCHES


def _switches(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and "switches/set" in map(_value, node.args):
            for keyword in node.keywords:
                if keyword.arg == "name" and _value(keyword.value):
                    yield str(_value(keyword.value))


def _value(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None
