"""The user's own command, on a copy of the result."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.check import Check, CheckCommand, check_in_copy, without_secrets
from copilot.edits.changes import ChangeSet, FileChange
from copilot.workspace.model import Root
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


def check(roots: tuple[Root, ...], command: str, environment: dict[str, str]) -> Check:
    return check_in_copy(roots, CHANGES, CheckCommand(command), environment)


@pytest.fixture
def roots(make_repository: Callable[..., Path], tmp_path: Path) -> Callable[..., tuple[Root, ...]]:
    def make(*names: str) -> tuple[Root, ...]:
        made = [make_repository(FILES, name) for name in names]
        for root in made:
            (root / "debug.log").write_text("ignored\n")
            (root / "link.txt").symlink_to("a.txt")
            (root / "away.txt").symlink_to(root / "a.txt")
        return find_roots([str(root) for root in made], tmp_path)

    return make


def test_it_runs_on_the_result(roots: Callable[..., tuple[Root, ...]]) -> None:
    command = "find . -type f | sort; cat a.txt sub/new.txt moved/old.txt; pwd"
    result = check(roots("app"), command, ENVIRONMENT)
    listed, folder = result.output.rsplit("\n", 2)[0], result.output.splitlines()[-1]
    assert result.passed
    assert listed.splitlines() == [
        *("./.gitignore", "./a.txt", "./moved/old.txt", "./raw.bin", "./sub/new.txt"),
        *("2", "n", "p"),
    ]
    assert not Path(folder).exists()


def test_the_repository_itself_is_not_touched(roots: Callable[..., tuple[Root, ...]]) -> None:
    app = roots("app")
    assert check(app, "echo x > a.txt", ENVIRONMENT).passed
    assert (app[0].path / "a.txt").read_text() == "1\n"


@pytest.mark.parametrize("command", ["echo no >&2; exit 3", "echo no; kill -9 $$"])
def test_a_command_that_fails(roots: Callable[..., tuple[Root, ...]], command: str) -> None:
    assert check(roots("app"), command, ENVIRONMENT) == Check(False, "no\n")


def test_several_roots_lie_side_by_side(roots: Callable[..., tuple[Root, ...]]) -> None:
    result = check(roots("app", "web"), "cat app/a.txt web/a.txt", ENVIRONMENT)
    assert result.output == "2\n1\n"


def test_it_gets_no_keys_and_no_input(roots: Callable[..., tuple[Root, ...]]) -> None:
    environment = ENVIRONMENT | {"BIG_API_KEY": "sk-1", "COPILOT_MODEL": "big", "LANG": "C"}
    result = check(roots("app"), "cat; env", environment)
    assert "LANG=C" in result.output
    assert "sk-1" not in result.output
    assert "COPILOT_MODEL" not in result.output


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "github_token", "DB_PASSWORD", "APP_SECRET"])
def test_names_of_secrets(name: str) -> None:
    assert without_secrets({name: "x", "HOME": "/"}) == {"HOME": "/"}


def test_a_variable_that_the_user_named_for_a_key_is_hidden() -> None:
    assert without_secrets({"MY_KEY": "x", "HOME": "/"}, {"MY_KEY"}) == {"HOME": "/"}


def test_links_lead_to_the_copy_or_nowhere(roots: Callable[..., tuple[Root, ...]]) -> None:
    result = check(roots("app"), "cat link.txt; ls away.txt; echo x > link.txt", ENVIRONMENT)
    assert result.output.splitlines()[0] == "2"
    assert "away.txt" in result.output.splitlines()[1]


def test_a_command_without_end_is_stopped_with_all_it_started(
    roots: Callable[..., tuple[Root, ...]], tmp_path: Path
) -> None:
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    # It holds the pipe open for reading: once nobody does, nothing of it is left.
    command = CheckCommand(f"sleep 600 < {pipe} & echo begun; wait", seconds=1)
    reader = os.open(pipe, os.O_RDWR)
    result = check_in_copy(roots("app"), CHANGES, command, ENVIRONMENT)
    os.close(reader)
    assert result == Check(False, "begun\nno end after 1 seconds\n")
    with pytest.raises(OSError, match="No such device"):
        os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)


def test_what_runs_on_in_the_background_does_not_hold_us(
    roots: Callable[..., tuple[Root, ...]],
) -> None:
    assert check(roots("app"), "sleep 600 & echo done", ENVIRONMENT) == Check(True, "done\n")


def test_the_end_of_a_long_output_is_kept(roots: Callable[..., tuple[Root, ...]]) -> None:
    result = check(roots("app"), "yes x | head -c 1000000; echo last", ENVIRONMENT)
    assert result.output.startswith("… (the end of 1,000,005 bytes)\n")
    assert result.output.endswith("x\nlast\n")
    assert len(result.output) < 250_000


def test_modes_and_read_only_files(make_repository: Callable[..., Path], tmp_path: Path) -> None:
    root = make_repository({"run.sh": "echo old\n", "tool": "echo tool\n"}, "app")
    (root / "run.sh").chmod(0o555)
    changes = ChangeSet(
        (
            FileChange("app", "run.sh", b"echo old\n", b"echo new\n"),
            FileChange("app", "tool", b"echo tool\n", b"echo tool\n", None, 0o100644, 0o100755),
        )
    )
    command = CheckCommand("./run.sh && ./tool")
    roots = find_roots([str(root)], tmp_path)
    assert check_in_copy(roots, changes, command, ENVIRONMENT) == Check(True, "new\ntool\n")


def test_submodules_are_in_the_copy(
    make_repository: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    inner = make_repository({"inner.txt": "inner\n"}, "inner")
    outer = make_repository({"a.txt": "1\n"}, "app")
    git(
        outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "lib/inner"
    )
    result = check_in_copy(
        find_roots([str(outer)], tmp_path),
        ChangeSet(),
        CheckCommand("cat lib/inner/inner.txt"),
        ENVIRONMENT,
    )
    assert result == Check(True, "inner\n")
