"""The user's own command, on a copy of the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.check import Check, check_in_copy, without_secrets
from copilot.assist.pack import Packed, pack
from copilot.assist.scope import Scope
from copilot.edits.changes import ChangeSet, FileChange
from copilot.workspace.choose import Selection
from copilot.workspace.roots import find_roots

FILES = {
    "a.txt": "1\n",
    "old.txt": "o\n",
    "gone.txt": "g\n",
    "raw.bin": b"\0",
    ".gitignore": "*.log\n",
}
CHANGES = ChangeSet(
    (
        FileChange("app", "a.txt", b"1\n", b"2\n"),
        FileChange("app", "sub/new.txt", None, b"n\n"),
        FileChange("app", "moved/old.txt", b"o\n", b"p\n", "old.txt"),
        FileChange("app", "gone.txt", b"g\n", None),
    )
)
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def packed(make_repository: Callable[..., Path], tmp_path: Path) -> Callable[..., Packed]:
    def make(*names: str) -> Packed:
        made = [make_repository(FILES, name) for name in names]
        for root in made:
            (root / "debug.log").write_text("ignored\n")
            (root / "link.txt").symlink_to("a.txt")
        roots = find_roots([str(root) for root in made], tmp_path)
        scope = Scope(roots, Selection(), "o200k_base", tmp_path / "prompts")
        return pack(scope, None, "", lambda _done, _known: None)

    return make


def test_it_runs_on_the_result(packed: Callable[..., Packed]) -> None:
    command = "find . -type f | sort; cat a.txt sub/new.txt moved/old.txt; pwd"
    result = check_in_copy(packed("app"), CHANGES, command, ENVIRONMENT)
    listed, folder = result.output.rsplit("\n", 2)[0], result.output.splitlines()[-1]
    assert result.passed
    assert listed.splitlines() == [
        *("./.gitignore", "./a.txt", "./moved/old.txt", "./raw.bin", "./sub/new.txt"),
        *("2", "n", "p"),
    ]
    assert not Path(folder).exists()


def test_the_repository_itself_is_not_touched(packed: Callable[..., Packed]) -> None:
    app = packed("app")
    assert check_in_copy(app, CHANGES, "echo x > a.txt", ENVIRONMENT).passed
    assert (app.roots[0].path / "a.txt").read_text() == "1\n"


@pytest.mark.parametrize("command", ["echo no >&2; exit 3", "echo no; kill -9 $$"])
def test_a_command_that_fails(packed: Callable[..., Packed], command: str) -> None:
    assert check_in_copy(packed("app"), CHANGES, command, ENVIRONMENT) == Check(False, "no\n")


def test_several_roots_lie_side_by_side(packed: Callable[..., Packed]) -> None:
    result = check_in_copy(packed("app", "web"), CHANGES, "cat app/a.txt web/a.txt", ENVIRONMENT)
    assert result.output == "2\n1\n"


def test_it_gets_no_keys_and_no_input(packed: Callable[..., Packed]) -> None:
    environment = ENVIRONMENT | {"BIG_API_KEY": "sk-1", "COPILOT_MODEL": "big", "LANG": "C"}
    result = check_in_copy(packed("app"), CHANGES, "cat; env", environment)
    assert "LANG=C" in result.output
    assert "sk-1" not in result.output
    assert "COPILOT_MODEL" not in result.output


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "github_token", "DB_PASSWORD", "APP_SECRET"])
def test_names_of_secrets(name: str) -> None:
    assert without_secrets({name: "x", "HOME": "/"}) == {"HOME": "/"}
