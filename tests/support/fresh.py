"""Run Python in a process that reads its environment for the first time.

The process is forked out of one that has imported Django and the other libraries, which
takes most of the time of a short command; the product it imports itself.
"""

import os
import sys
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from tests.real.support.fork_server import BASE_DIR, MANAGE, ForkServers

# A program begins so; its directory is not the project's.
BEGIN = f"import os, sys; sys.path.insert(0, {str(BASE_DIR)!r}); os.umask(0o022)\n"
SECONDS = 60.0


def manage(*words: str, **values: str) -> CompletedProcess[str]:
    """Run a command of ours with an environment of these values and PATH."""
    with TemporaryDirectory() as directory:
        return _run([MANAGE, *words], values, Path(directory))


def program(code: str, **values: str) -> CompletedProcess[str]:
    """Run some Python with such an environment, as one does with a generous umask."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "program.py"
        path.write_text(BEGIN + code, encoding="utf-8")
        return _run([str(path)], values, Path(directory))


def _run(
    words: list[str], values: dict[str, str], directory: Path
) -> CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **values}
    servers = ForkServers(imports=False)
    try:
        done = servers.run(
            [sys.executable, *words], environment, directory, seconds=SECONDS
        )
    finally:
        servers.close()
    assert done, "nothing could be forked"
    said = [each.decode() for each in (done.stdout, done.stderr)]
    return CompletedProcess(done.args, done.returncode, *said)
