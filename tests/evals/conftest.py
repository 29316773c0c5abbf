"""What evaluations are made of in tests: small repositories, and the prompts' bundled words."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from copilot.evals.model import Material, material_of
from copilot.settings.bundled import bundled
from copilot.workspace.model import Snapshot, SourceFile

MakeMaterial = Callable[..., Material]
_SUBJECTS = ("invoices", "harbours", "letters", "tickets", "engines", "ledgers", "maps", "tides")
_DEEDS = ("Sum", "Sort", "Check", "Print", "Merge", "Weigh", "Clean", "Split")


@pytest.fixture
def made_elsewhere() -> Callable[[str], list[str]]:
    """Run a script beside the tests in a process with another hash seed; return what it prints."""

    def run(script: str) -> list[str]:
        environment = {"PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parent)}
        command = [sys.executable, "-c", script]
        return subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
        ).stdout.split()

    return run


@pytest.fixture
def make_material() -> MakeMaterial:
    """Make a material of files by path, all in the repository `shop`."""
    return _material


@pytest.fixture
def python_files() -> dict[str, str]:
    """Return 64 small modules in eight packages, with documented functions that call others."""
    return {
        f"{subject}/{deed.lower()}_{subject}.py": _module(subject, deed, number * 8 + place)
        for number, subject in enumerate(_SUBJECTS)
        for place, deed in enumerate(_DEEDS)
    }


@pytest.fixture
def material(python_files: dict[str, str]) -> Material:
    return _material(python_files)


def _material(files: Mapping[str, str], tokenizer: str = "qwen3") -> Material:
    prompts = {path.stem: path.read_text() for path in bundled("prompts").iterdir()}
    sources = tuple(
        SourceFile("shop", path, None, "listed", text.encode()) for path, text in files.items()
    )
    return material_of(Snapshot((), sources), tokenizer, prompts)


def _module(subject: str, deed: str, number: int) -> str:
    """Return a module with a function that is called elsewhere, and one that calls elsewhere."""
    other = _SUBJECTS[(number // 8 + 1) % 8]
    verb = deed.lower()
    return f'''"""{deed} {subject} before they leave the office."""

from {other}.{verb}_{other} import {verb}_all_{other}

LIMIT_{number} = {number + 3}


def {verb}_all_{subject}(entries):
    """{deed} every one of the given {subject} in row {number}, oldest first."""
    total = LIMIT_{number}
    for entry in entries:
        total += entry.weight * {number + 1}
    return total


def after_{verb}_{subject}(entries):
    return {verb}_all_{other}(entries)
'''
