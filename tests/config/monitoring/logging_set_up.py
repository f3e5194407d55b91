"""Set logging up as a process does, and read what it writes."""

import io
import logging
import logging.config
from typing import Self

from config.monitoring.logs import logging_config


class Log:
    """Everything that is logged at a level while this is entered."""

    def __init__(self, level: str, form: str = "text") -> None:
        self._config = logging_config(level, form)
        self._stream = io.StringIO()

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._before = (root.level, root.handlers[:])
        loggers = {name: logging.getLogger(name) for name in self._config["loggers"]}
        self._levels = {each: each.level for each in loggers.values()}
        self._config["handlers"]["console"]["stream"] = self._stream
        logging.config.dictConfig(self._config)
        return self

    def __exit__(self, *_exc: object) -> None:
        root = logging.getLogger()
        root.setLevel(self._before[0])
        root.handlers[:] = self._before[1]
        for logger, level in self._levels.items():
            logger.setLevel(level)

    @property
    def text(self) -> str:
        """Return what was written."""
        return self._stream.getvalue()

    @property
    def lines(self) -> list[str]:
        """Return what was written, by lines."""
        return self.text.splitlines()
