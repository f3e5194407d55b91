"""Serve hashed file names once they were collected, and plain ones until then."""

import os
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Static file storage that works without ``collectstatic``, and better with it."""

    # A file added since is served under its plain name, which beats an error page.
    manifest_strict = False

    def url(self, name: str, force: bool = False) -> str:  # noqa: FBT001, FBT002 - Django's
        if not self.hashed_files:
            return StaticFilesStorage.url(self, name)
        return str(super().url(name, force))

    def post_process(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        # Compressed files go by the umask, and not by Django's settings.
        umask = os.umask(0o022)
        try:
            yield from super().post_process(*arguments, **options)
        finally:
            os.umask(umask)
