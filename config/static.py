"""Serve hashed file names once they were collected, and plain ones until then."""

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Work without ``collectstatic``, and make the most of it when it ran."""

    # A file added since is served under its plain name, which beats an error page.
    manifest_strict = False

    def url(self, name: str, force: bool = False) -> str:  # noqa: FBT001, FBT002 - Django's
        """Return the address of a file."""
        if not self.hashed_files:
            return StaticFilesStorage.url(self, name)
        return str(super().url(name, force))
