"""Find numbers that do not agree with what they count."""

import ast
import re
from collections.abc import Iterator

NOUNS = (
    *("account", "base", "call", "change", "collection", "column", "connection"),
    *("day", "deletion", "field", "hour", "item", "minute", "page", "part"),
    *("permission", "record", "row", "run", "second", "sync", "table", "text"),
    *("time", "try", "week", "year"),
)
ODD = {"try": "tries", "refresh": "refreshes"}
ONE = "|".join((*NOUNS, "refresh"))
MANY = "|".join(ODD.get(noun, f"{noun}s") for noun in (*NOUNS, "refresh"))
KIND = r"(?:stored |more |new |deleted |API )*"
SINGLE, SEVERAL = r"(?<![\d.,:/-])1", r"(?<![\d.:/-])(?:[02-9]|\d[\d,]*\d)"
DOES_ONE, DO_MANY = "is|was|has|waits|needs", "are|were|have|wait|need"
WRONG = [
    re.compile(pattern)
    for pattern in (
        rf"{SINGLE} {KIND}(?:{MANY})\b",
        rf"{SEVERAL} {KIND}(?:{ONE})\b",
        rf"{SINGLE} {KIND}(?:{ONE}) (?:{DO_MANY})\b[^.;]*",
        rf"{SEVERAL} {KIND}(?:{MANY}) (?:{DOES_ONE})\b[^.;]*",
        rf"{SINGLE} {KIND}(?:{ONE}) is [^.;]*\b(?:they|them|their)\b",
        rf"{SEVERAL} {KIND}(?:{MANY}) are [^.;]*\bas it (?:was|is)\b",
    )
]
# What stands behind a value and fits only one number of it.
FIXED = rf"\s+{KIND}(?:{MANY})\b"
IN_TEMPLATE = re.compile(rf"\}}\}}(?:\s*</?\w+[^>]*>)*{FIXED}")


def disagreements(text: str) -> Iterator[str]:
    """Yield what a text for users says of a number in the wrong form."""
    for pattern in WRONG:
        yield from (found[0] for found in pattern.finditer(text))


def fixed_in_template(source: str) -> Iterator[str]:
    """Yield where a template writes the plural behind whatever number it has."""
    yield from (found[0] for found in IN_TEMPLATE.finditer(source))


def fixed_in_code(source: str) -> Iterator[str]:
    """Yield where a module does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            for value, behind in zip(node.values, node.values[1:], strict=False):
                is_value = isinstance(value, ast.FormattedValue)
                text = behind.value if isinstance(behind, ast.Constant) else ""
                if is_value and re.match(FIXED, str(text)):
                    yield ast.unparse(node)
