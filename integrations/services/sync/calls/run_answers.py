"""Answers of one run in the cache, for those of its slices that other workers do."""

import hashlib
import logging
from typing import Final
from uuid import UUID

from django.core.cache import cache

from integrations.http.responses.answers import Answers
from integrations.http.secrets import Secret
from integrations.services.common.sealing import crypto

logger = logging.getLogger(__name__)

PURPOSE: Final = "answers"
LIFE_SECONDS: Final = 6 * 3600
# Larger ones stay in the memory of the slice that asked.
MAX_CHARACTERS: Final = 1024 * 1024


class RunAnswers(Answers):
    """Cache of one run's answers, sealed because they name people.

    Without Redis each slice of the run asks for itself.
    """

    def __init__(self, run_id: UUID) -> None:
        """Belong to one run."""
        super().__init__()
        self._run_id = run_id

    def get(self, url: str) -> str | None:
        """Return the JSON text of an answer, of this slice or of an earlier one."""
        kept = super().get(url)
        if kept is not None:
            return kept
        key = self._key(url)
        sealed = cache.get(key)
        if not isinstance(sealed, str):
            return None
        try:
            text = crypto.unseal(sealed, purpose=PURPOSE, associated_data=key).reveal()
        except crypto.CryptoError:
            logger.warning("cached answer unreadable run=%s", self._run_id)
            return None
        super().put(url, text)
        return text

    def put(self, url: str, text: str) -> None:
        """Keep the JSON text of an answer for the later slices, too."""
        super().put(url, text)
        if len(text) > MAX_CHARACTERS:
            return
        key = self._key(url)
        sealed = crypto.seal(Secret(text), purpose=PURPOSE, associated_data=key)
        cache.set(key, sealed, timeout=LIFE_SECONDS)

    def drop(self, url: str) -> None:
        """Forget an answer, for the later slices as well."""
        super().drop(url)
        cache.delete(self._key(url))

    def _key(self, url: str) -> str:
        digest = hashlib.sha256(url.encode()).hexdigest()[:32]
        return f"answers:{self._run_id}:{digest}"
