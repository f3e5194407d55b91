"""Tell the children of a worker that it is shutting down.

A prefork worker hears SIGTERM in its parent only. One shared byte, made before
the fork, carries it into the children, which look at it between two pages.
"""

import mmap

_flag = mmap.mmap(-1, 1)


def ask() -> None:
    """Ask every slice of this worker to stop at its next checkpoint."""
    _flag[0] = 1


def is_asked() -> bool:
    """Tell whether this worker is shutting down."""
    return _flag[0] == 1
