"""Make and recognise ids, and say what an empty cell is."""

import hashlib
import random
import re
import secrets
import string
from typing import Any

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits
SHAPE = re.compile(r"[A-Za-z]{3}[A-Za-z0-9]{14}")
LENGTH = 17


def make_id(prefix: str, rng: random.Random | None = None) -> str:
    """Draw an id, from a seeded source when there is one."""
    source = rng or secrets.SystemRandom()
    return prefix + "".join(source.choices(ALPHABET, k=LENGTH - len(prefix)))


def derive_id(prefix: str, text: str) -> str:
    """Return the id that always stands for one text."""
    return prefix + hashlib.sha256(text.encode()).hexdigest()[: LENGTH - len(prefix)]


def is_id(prefix: str, text: str) -> bool:
    """Tell whether a text has the shape of an id of one kind."""
    return text.startswith(prefix) and SHAPE.fullmatch(text) is not None


def is_empty(value: Any) -> bool:
    """Tell whether Airtable leaves a value out of a record; zero is a value."""
    return value is None or value is False or value in ("", [])
