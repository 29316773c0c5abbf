"""What a package brings into a fresh process; import-linter holds the direct imports besides."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}."):
    importlib.import_module(module.name)
print(*sys.modules)
"""
_TERMINAL = {"textual", "typer"}
# Whoever imports any of GitPython imports gitdb; its wrapper alone is imported without `git`.
_GIT = {"git", "gitdb"}
_STATIONS = _GIT | {"tree_sitter", "httpx"}
_HEAVY = {"quicktok", "tiktoken", "xllamacpp"}

FORBIDDEN = {
    "errors": _TERMINAL | _STATIONS | _HEAVY,
    "text": _TERMINAL | _STATIONS | _HEAVY,
    "settings": _TERMINAL | _STATIONS | _HEAVY,
    "runs": _TERMINAL | _STATIONS | _HEAVY,
    "workspace": _TERMINAL | _HEAVY | {"tree_sitter", "httpx"},
    "structure": _TERMINAL | _HEAVY | _GIT | {"httpx"},
    "context": _TERMINAL | _STATIONS | _HEAVY,
    "backends": _TERMINAL | _HEAVY | _GIT | {"tree_sitter"},
    "edits": _TERMINAL | _STATIONS | _HEAVY,
    "review": _TERMINAL | _STATIONS | _HEAVY,
    "journal": _TERMINAL | _STATIONS | _HEAVY,
    "assist": _TERMINAL | _HEAVY,
    "evals": _TERMINAL | _HEAVY,
    # Textual's text area imports tree-sitter where it is installed.
    "tui": _HEAVY | _GIT | {"httpx", "typer"},
    "cli": _HEAVY | {"textual"},
}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_brings_in_nothing_it_must_not(package: str) -> None:
    command = [sys.executable, "-c", _IMPORT_ALL, f"copilot.{package}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    imported = {name.partition(".")[0] for name in printed.split()}
    assert "copilot" in imported
    assert imported & FORBIDDEN[package] == set()


@pytest.mark.parametrize(
    ("package", "module"),
    [("tui", "textual"), ("cli", "typer"), ("backends", "httpx"), ("workspace", "gitdb")],
)
def test_the_package_of_a_library_does_bring_it_in(package: str, module: str) -> None:
    command = [sys.executable, "-c", _IMPORT_ALL, f"copilot.{package}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert module in printed.split()


def test_asking_for_the_version_imports_next_to_nothing() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "copilot", "--version"]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in child.stderr.splitlines()}
    assert child.stdout.startswith("copilot ")
    assert "copilot.cli.main" in imported
    roots = {name.partition(".")[0] for name in imported}
    assert roots & (_TERMINAL | _STATIONS | _HEAVY | {"rich", "msgspec", "pathspec"}) == set()


def _cpu_seconds(command: list[str]) -> float:
    """Return the CPU time a child took, in the kernel and outside."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return usage.ru_utime + usage.ru_stime


def test_asking_for_the_version_takes_little_cpu_time() -> None:
    command = [sys.executable, "-m", "copilot", "--version"]
    assert min(_cpu_seconds(command) for _ in range(5)) < 0.15
