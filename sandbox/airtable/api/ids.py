"""Make and recognise Airtable's ids: three letters and fourteen base-62 digits."""

import hashlib
import random
import re
import secrets
import string

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
