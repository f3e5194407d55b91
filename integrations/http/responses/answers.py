"""Cache of answers for the length of one run, where an account is asked only once."""

from typing import Final

from integrations.http.errors import ApiError

MAX_BYTES: Final = 16 * 1024 * 1024


class Answers:
    """Cache of JSON answers and definite refusals by address, bounded in size."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        """Keep at most `max_bytes` of answers; the oldest are dropped first."""
        self._max_bytes = max_bytes
        self._texts: dict[str, str] = {}
        self._refusals: dict[str, ApiError] = {}

    def get(self, url: str) -> str | None:
        """Return the JSON text of an answer; raise a refusal that was kept."""
        if url in self._refusals:
            raise self._refusals[url]
        return self._texts.get(url)

    def put(self, url: str, text: str) -> None:
        """Keep the JSON text of an answer."""
        self._texts[url] = text
        while sum(map(len, self._texts.values())) > self._max_bytes:
            del self._texts[next(iter(self._texts))]

    def drop(self, url: str) -> None:
        """Forget an answer, if it is kept."""
        self._texts.pop(url, None)

    def put_refusal(self, url: str, exc: ApiError) -> None:
        """Keep a refusal that would only be repeated."""
        self._refusals[url] = exc
