"""Session store in the database that tells bookkeeping from what must be kept."""

from typing import Final

from django.contrib.sessions.backends import db
from django.db import OperationalError

from config.monitoring.outages import is_busy

# When the session began and was last used, and the visits before this one.
STARTED, SEEN = "session_started", "session_seen"
# Whatever of these is lost is noted again by the next page, or was only a word.
BOOKKEEPING: Final = frozenset({STARTED, SEEN, "last_visit", "seen_at", "_messages"})

# A page that is read may lose these, too; whoever forgets them must not.
OF_READS: Final = frozenset({"recent_searches"})


class SessionStore(db.SessionStore):
    """Database sessions; a read goes on although an ended one stays for a while."""

    is_of_read = False

    def delete(self, session_key: str | None = None) -> None:
        """Delete a session; whoever only reads does not wait for it.

        What ended it holds at the next request as well.
        """
        try:
            super().delete(session_key)
        except OperationalError as exc:
            if not (self.is_of_read and is_busy(exc)):
                raise

    def create(self) -> None:
        """Create a session; one that could not be stored has no key."""
        try:
            super().create()
        except OperationalError:
            self._session_key = None
            raise

    def has_only_bookkeeping(self) -> bool:
        """Tell whether nothing else differs from what is stored."""
        stored = SessionStore(self.session_key).load()
        # As it would be read back: JSON knows no tuples.
        current = self.decode(self.encode(dict(self.items())))
        return {
            name
            for name in stored.keys() | current.keys()
            if stored.get(name) != current.get(name)
        } <= (BOOKKEEPING | OF_READS if self.is_of_read else BOOKKEEPING)
