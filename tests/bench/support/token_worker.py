"""Worker of threads that all ask for one token: waits for a line, and then they do.

``python -m tests.bench.support.token_worker CONNECTION THREADS`` prints the version
that each got. Whoever is told to come later does so, as a task would.
"""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import django

LONGEST_SECONDS = 60.0


def main(connection_id: UUID, threads: int) -> None:
    """Get ready, wait to be told, ask, and tell."""
    django.setup()
    from integrations.http.errors import Transient
    from integrations.services.grants import tokens

    told = threading.Event()

    def ask(_number: int) -> int:
        told.wait()
        until = time.monotonic() + LONGEST_SECONDS
        while True:
            try:
                return tokens.token_for(connection_id).version
            except Transient:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    with ThreadPoolExecutor(threads) as pool:
        asked = [pool.submit(ask, number) for number in range(threads)]
        print("ready", flush=True)
        sys.stdin.readline()
        told.set()
        print(*(each.result() for each in asked), flush=True)


if __name__ == "__main__":
    main(UUID(sys.argv[1]), int(sys.argv[2]))
