"""Write the files of a minimal provider, which works against its own simulator."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from integrations.management.names import find_meaning
from integrations.management.output import SafeCommand
from integrations.management.scaffolding import Scaffold
from integrations.providers import SPECS
from integrations.providers.consistency import is_slug


class Command(SafeCommand):
    """Write what docs/adding-a-provider.md walks through, under another name."""

    help = "Write the files of a minimal provider; see docs/adding-a-provider.md."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", help="the slug: lower case letters and digits")

    def handle(self, *args: Any, **options: Any) -> None:
        scaffold = Scaffold(slug=options["name"], root=Path(settings.BASE_DIR))
        refuse_unusable(scaffold)
        for path in scaffold.write_files():
            self.stdout.write(f"wrote {path.relative_to(scaffold.root)}")
        for path, addition in scaffold.register():
            if addition:
                self.stdout.write(f"add to {path.relative_to(scaffold.root)}:")
                self.stdout.write(addition + "\n", ending="")
            else:
                self.stdout.write(f"changed {path.relative_to(scaffold.root)}")


def refuse_unusable(scaffold: Scaffold) -> None:
    """Raise before anything is written when the name is bad or taken."""
    slug = scaffold.slug
    if not is_slug(slug) or len(slug) > 20:
        raise CommandError(
            f"{slug!r} cannot be the name of a provider: take up to 20 lower case "
            "letters and digits, a letter first, and no word of Python's own"
        )
    if slug in SPECS:
        raise CommandError(f"there is a provider {slug!r} already")
    for path in scaffold.taken():
        name = path.relative_to(scaffold.root)
        raise CommandError(f"{slug!r} is taken: {name} exists already")
    if meaning := find_meaning(slug):
        raise CommandError(
            f"{slug!r} has a meaning already: it is {meaning}; take a longer name"
        )
