"""GitPython's command wrapper by itself: all the rest of the package takes longer than git does."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec

# GitPython refuses to be imported where git is missing, unless told so.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")


def _imported() -> tuple[type, type]:
    """Import two modules of the package as if its own was empty; who imports it gets it whole."""
    before = {name: sys.modules[name] for name in list(sys.modules) if _is_ours(name)}
    spec = find_spec("git")
    if spec is None or "git" in before:
        return import_module("git.cmd").Git, import_module("git.exc").GitCommandNotFound
    sys.modules["git"] = module_from_spec(spec)
    try:
        return import_module("git.cmd").Git, import_module("git.exc").GitCommandNotFound
    finally:
        for name in filter(_is_ours, list(sys.modules)):
            del sys.modules[name]


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "git"


Git, GitCommandNotFound = _imported()
