"""What the pre-commit framework is told of our hooks is what copilot offers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
_FIELD = re.compile(r"^(?:- |  )(\w+): (.+)$", re.MULTILINE)
_NAMES = ("copilot-review", "copilot-message", "copilot-secrets")


def _manifest() -> dict[str, dict[str, str]]:
    text = (_ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    parts = re.split(r"^(?=- )", text, flags=re.MULTILINE)
    hooks = [dict(_FIELD.findall(part)) for part in parts if part]
    return {hook["id"]: hook for hook in hooks}


def test_the_hooks() -> None:
    found = _manifest()
    assert tuple(found) == _NAMES
    stages = {name: hook["stages"] for name, hook in found.items()}
    assert stages == {
        "copilot-review": "[pre-commit]",
        "copilot-message": "[prepare-commit-msg]",
        "copilot-secrets": "[pre-commit]",
    }
    assert {hook["language"] for hook in found.values()} == {"python"}
    # The stages have had these names since then.
    assert {hook["minimum_pre_commit_version"] for hook in found.values()} == {"3.2.0"}
    # A review reads the index; the other two get the files they are about.
    passed = {name for name, hook in found.items() if hook["pass_filenames"] == "true"}
    assert passed == {"copilot-message", "copilot-secrets"}


@pytest.mark.parametrize("name", _NAMES)
def test_an_entry_is_a_command_that_there_is(name: str) -> None:
    program, *arguments = _manifest()[name]["entry"].split()
    assert program == "copilot"
    command = [sys.executable, "-m", "copilot", *arguments]
    # Of `hook run NAME` the name is checked by the hook itself.
    named = command[:-1] if arguments[0] == "hook" else command
    done = subprocess.run([*named, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert arguments[-1] == "secrets" or arguments[-1] in {"pre-commit", "prepare-commit-msg"}


def test_the_project_uses_them() -> None:
    config = (_ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    for name, hook in _manifest().items():
        assert f"id: {name}," in config
        assert f"entry: {hook['entry']}," in config
