"""Loader of our own templates, which leaves the spaces out that only authors see."""

import re
from typing import Final

from django.template import Origin
from django.template.loaders.filesystem import Loader

# Whatever stands between lines is one end of a line in HTML, except in these.
KEPT: Final = re.compile(r"(?is)<(pre|textarea|script)\b.*?(?:</\1>|\Z)")
# A no-break space is part of the text.
BETWEEN: Final = re.compile(r"(?a)\s*\n\s*")
# Tags that draw nothing themselves, on lines of their own: of the ends of lines around
# them one is enough, and that before them is always there.
SILENT: Final = re.compile(
    r"\n((?:\{% (?:if|elif|else|endif|for|empty|endfor|with|endwith|block|endblock|load"
    r"|fixed|endfixed|spaceless|endspaceless) ?(?:[^%\n]|%(?!\}))*%\})+)\n"
)


class CompactLoader(Loader):
    """Loads templates from directories, those of HTML without their indentation."""

    def get_contents(self, origin: Origin) -> str:
        """Return the text of a template."""
        text = super().get_contents(origin)
        return compact(text) if str(origin.name).endswith(".html") else text


def compact(text: str) -> str:
    """Write lines without indentation and without empty ones between them."""
    parts, start = [], 0
    for kept in KEPT.finditer(text):
        parts += [_between(text[start : kept.start()]), kept[0]]
        start = kept.end()
    return "".join([*parts, _between(text[start:])])


def _between(text: str) -> str:
    lines = BETWEEN.sub("\n", text)
    while (fewer := SILENT.sub(r"\n\1", lines)) != lines:
        lines = fewer
    return lines
