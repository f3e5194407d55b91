"""Start one process in a group of its own, pass its output on, and stop it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from config.run.guard import Guard
from config.run.plan import Process

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
SETTLED_SECONDS = 30.0


class Child:
    """Child process and its descendants.

    It is started again when it dies, more slowly each time that it dies young.
    """

    def __init__(
        self,
        process: Process,
        *,
        environment: dict[str, str],
        directory: Path,
        guard: Guard,
        say: Callable[[str, str], None],
    ) -> None:
        self.name = process.name
        self.deaths = 0
        self._process = process
        self._environment = environment
        self._directory = directory
        self._guard = guard
        self._say = say
        self._popen: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._started_at = 0.0
        self._start_at = 0.0
        self._pause = FIRST_PAUSE

    @property
    def is_store(self) -> bool:
        """Return whether others need it until they have ended."""
        return self._process.is_store

    @property
    def starts_last(self) -> bool:
        """Return whether it waits until everything else answers."""
        return self._process.starts_last

    @property
    def output(self) -> IO[bytes] | None:
        """Return the pipe to read from, if the process runs."""
        return self._popen.stdout if self._popen else None

    @property
    def is_due(self) -> bool:
        """Return whether it is down and its pause is over."""
        return self._popen is None and time.monotonic() >= self._start_at

    def start(self) -> None:
        """Start the process."""
        self._started_at = time.monotonic()
        self._popen = subprocess.Popen(
            self._process.command,
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._guard.watch(self._popen.pid, is_last=self.is_store)
        if self._popen.stdout is not None:
            os.set_blocking(self._popen.stdout.fileno(), False)

    def forward_output(self) -> None:
        """Pass on the lines that have arrived."""
        pipe = self.output
        chunk = pipe.read(65536) if pipe and self._popen else None
        if chunk is None:
            return
        if not chunk and self._popen and pipe:
            # Its end; a closed pipe must not keep the selector awake.
            pipe.close()
            self._popen.stdout = None
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if text := line.decode(errors="replace").rstrip():
                self._say(self.name, text)

    def has_died(self) -> bool:
        """Notice that the process ended; clean up after it and plan its return."""
        if self._popen is None or self._popen.poll() is None:
            return False
        code = self._popen.returncode
        self._forget()
        self.deaths += 1
        if time.monotonic() - self._started_at > SETTLED_SECONDS:
            self._pause = FIRST_PAUSE
        self._start_at = time.monotonic() + self._pause
        self._say(
            self.name, f"ended with {_describe(code)}; back in {self._pause:.0f} s"
        )
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True

    def terminate(self) -> None:
        """Terminate the process gently."""
        if self._popen is not None and self._popen.poll() is None:
            self._popen.terminate()

    def has_stopped(self) -> bool:
        """Return whether nothing of it is left to wait for."""
        if self._popen is None:
            return True
        self.forward_output()
        if self._popen.poll() is None:
            return False
        self._forget()
        return True

    def kill(self) -> None:
        """End the process and its descendants now."""
        if self._popen is not None:
            self._kill_group()
            self._popen.wait()
            self._forget()

    def _forget(self) -> None:
        self.forward_output()
        self._kill_group()
        if self._popen is not None:
            self._guard.forget(self._popen.pid)
            if self._popen.stdout is not None:
                self._popen.stdout.close()
        self._popen = None

    def _kill_group(self) -> None:
        """End what the process left behind: a pool whose head was killed."""
        if self._popen is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)


def _describe(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
