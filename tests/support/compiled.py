"""Compile the tests once for all of pytest's workers, which begin by reading them.

Where nothing is compiled yet each of them would rewrite the assertions of every file
itself, all at the same time. What is of pytest 9.2.0 here is private to it.
"""

import os
import sys
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from _pytest.assertion import rewrite

_of: list[pytest.Config] = []


def compile_tests(config: pytest.Config) -> None:
    """Write what pytest reads of the files that are asked for, on all cores."""
    if sys.dont_write_bytecode:
        return
    _of[:] = [config]
    with get_context("fork").Pool(os.cpu_count()) as pool:
        pool.map(_compile, _files(config), chunksize=8)


def _files(config: pytest.Config) -> Iterator[Path]:
    for each in config.args:
        asked = (config.invocation_params.dir / each.partition("::")[0]).resolve()
        if asked.is_file():
            yield asked
        yield from asked.rglob("test_*.py")
        yield from asked.rglob("conftest.py")


def _compile(path: Path) -> None:
    config, folder = _of[0], rewrite.get_cache_dir(path)
    compiled = folder / f"{path.stem}{rewrite.PYC_TAIL}"
    if not rewrite.try_makedirs(folder) or rewrite._read_pyc(path, compiled):
        return
    source_hash, code = rewrite._rewrite_test(path, config)
    state = config.stash[rewrite.assertstate_key]
    rewrite._write_pyc(state, code, source_hash, compiled)
