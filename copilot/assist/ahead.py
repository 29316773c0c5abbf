"""Importing what ranking needs and what takes long, while git is asked and little else happens."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import Thread


def begin() -> None:
    """Begin to import in a thread of its own."""
    _importing()


def end() -> None:
    """Wait until all is imported. Other processes must not be forked before."""
    _importing().join()


@cache
def _importing() -> Thread:
    thread = Thread(target=_import)
    thread.start()
    return thread


def _import() -> None:
    for name in ("numpy", "copilot.assist.ranked"):
        import_module(name)
