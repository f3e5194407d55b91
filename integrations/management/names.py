"""Find what a name of a new provider would be mistaken for."""

import builtins
import keyword
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.apps import apps

import integrations

PRODUCT = Path(integrations.__file__).parent
ROOT = PRODUCT.parent
MAY_NAME_PROVIDERS = {PRODUCT / "providers" / "__init__.py", PRODUCT / "__init__.py"}


def find_meaning(slug: str) -> str:
    """Return what a word means already, in Python or in the product; else nothing."""
    if keyword.issoftkeyword(slug) or hasattr(builtins, slug):
        return "a word of Python"
    if slug in {module.name for module in pkgutil.iter_modules([str(PRODUCT)])}:
        return "a package of integrations"
    if slug in {config.label for config in apps.get_app_configs()}:
        return "the label of an installed app"
    use = next(find_uses([slug]), "")
    return f"a word of the product, as in {use}" if use else ""


def find_uses(words: Iterable[str]) -> Iterator[str]:
    """Yield each line of code or template, outside of providers, that has a word."""
    any_word = re.compile(rf"(?<![a-z])(?:{'|'.join(words)})(?![a-z])", re.IGNORECASE)
    for path in _sources():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if any_word.search(line):
                yield f"{path.relative_to(ROOT)}:{number}"


def _sources() -> Iterator[Path]:
    apart = {each for each in (PRODUCT / "providers").iterdir() if each.is_dir()}
    # They keep what was true once.
    apart.add(PRODUCT / "migrations")
    for path in (
        *sorted(PRODUCT.rglob("*.py")),
        *sorted((ROOT / "config").rglob("*.py")),
        *sorted((ROOT / "templates").rglob("*.html")),
    ):
        if path not in MAY_NAME_PROVIDERS and not apart & set(path.parents):
            yield path
