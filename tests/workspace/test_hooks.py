"""Hooks are put in beside what is there, and taken out without a trace."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.workspace.hook_script import HOOKS, Program, hook_script, is_as_written, is_ours
from copilot.workspace.hooks import Installed, Removed, hook_folder, install, uninstall

_GONE = Program(Path("/nowhere/python"), Path("/nowhere/copilot"))


def _state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and bytes of each file, a link's target for its bytes."""
    return {
        path.name: (
            stat.S_IMODE(path.lstat().st_mode),
            os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes(),
        )
        for path in sorted(folder.iterdir())
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hooks"
    made.mkdir()
    return made


def _put(folder: Path, name: str, text: str, mode: int = 0o755) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(mode)


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize("mode", [0o755, 0o700, 0o644])
def test_a_hook_before_is_back_byte_for_byte(folder: Path, name: str, mode: int) -> None:
    _put(folder, name, "#!/bin/sh\r\necho old\n", mode)
    before = _state(folder)
    assert install(folder, name, hook_script(name, _GONE)) is Installed.CHAINED
    assert uninstall(folder, name) is Removed.RESTORED
    assert _state(folder) == before


def test_a_link_before_is_back_as_a_link(folder: Path) -> None:
    _put(folder.parent, "own.sh", "#!/bin/sh\nexit 3\n")
    (folder / "pre-commit").symlink_to("../own.sh")
    before = _state(folder)
    assert install(folder, "pre-commit", hook_script("pre-commit", _GONE)) is Installed.CHAINED
    assert subprocess.run([folder / "pre-commit"], check=False).returncode == 3
    assert uninstall(folder, "pre-commit") is Removed.RESTORED
    assert _state(folder) == before


def test_nothing_before_leaves_nothing(folder: Path) -> None:
    script = hook_script("pre-commit", _GONE)
    assert install(folder, "pre-commit", script) is Installed.NEW
    assert (folder / "pre-commit").read_bytes() == script
    assert os.access(folder / "pre-commit", os.X_OK)
    assert uninstall(folder, "pre-commit") is Removed.REMOVED
    assert _state(folder) == {}
    assert uninstall(folder, "pre-commit") is Removed.ABSENT


def test_again_changes_nothing(folder: Path) -> None:
    _put(folder, "pre-commit", "#!/bin/sh\nexit 0\n")
    script = hook_script("pre-commit", _GONE)
    install(folder, "pre-commit", script)
    before = _state(folder)
    assert install(folder, "pre-commit", script) is Installed.ALREADY
    assert _state(folder) == before


def test_another_interpreter_gives_a_new_hook(folder: Path) -> None:
    _put(folder, "pre-commit", "#!/bin/sh\nexit 0\n")
    install(folder, "pre-commit", hook_script("pre-commit", _GONE))
    other = hook_script("pre-commit", Program(Path("/other/python"), Path("/other/copilot")))
    assert install(folder, "pre-commit", other) is Installed.RENEWED
    assert (folder / "pre-commit").read_bytes() == other
    assert (folder / "pre-commit.before-copilot").read_text() == "#!/bin/sh\nexit 0\n"


def test_what_somebody_edited_stays(folder: Path) -> None:
    script = hook_script("pre-commit", _GONE)
    install(folder, "pre-commit", script)
    with (folder / "pre-commit").open("ab") as hook:
        hook.write(b"echo mine\n")
    before = _state(folder)
    assert is_ours(script)
    assert is_as_written(script)
    assert install(folder, "pre-commit", script) is Installed.EDITED
    assert uninstall(folder, "pre-commit") is Removed.EDITED
    assert _state(folder) == before


def test_a_hook_put_over_ours_stays(folder: Path) -> None:
    _put(folder, "pre-commit", "#!/bin/sh\necho first\n")
    script = hook_script("pre-commit", _GONE)
    install(folder, "pre-commit", script)
    (folder / "pre-commit").unlink()
    _put(folder, "pre-commit", "#!/bin/sh\necho second\n")
    before = _state(folder)
    assert install(folder, "pre-commit", script) is Installed.IN_THE_WAY
    assert uninstall(folder, "pre-commit") is Removed.FOREIGN
    assert _state(folder) == before


def test_a_foreign_hook_is_not_ours_to_remove(folder: Path) -> None:
    _put(folder, "pre-commit", "#!/bin/sh\necho theirs\n")
    before = _state(folder)
    assert uninstall(folder, "pre-commit") is Removed.ABSENT
    assert _state(folder) == before


def test_an_installation_that_broke_off_is_taken_back(folder: Path) -> None:
    _put(folder, "pre-commit.before-copilot", "#!/bin/sh\necho first\n")
    assert uninstall(folder, "pre-commit") is Removed.RESTORED
    assert list(_state(folder)) == ["pre-commit"]


def test_the_hook_before_runs_first_with_the_same_arguments(folder: Path) -> None:
    _put(folder, "prepare-commit-msg", '#!/bin/sh\nprintf "%s;" "$@"\n')
    install(folder, "prepare-commit-msg", hook_script("prepare-commit-msg", _GONE))
    done = subprocess.run(
        [folder / "prepare-commit-msg", "a file", "message"], capture_output=True, check=True
    )
    assert done.stdout == b"a file;message;"


@pytest.mark.parametrize("name", HOOKS)
def test_where_the_hook_before_fails_the_hook_fails(folder: Path, name: str) -> None:
    _put(folder, name, "#!/bin/sh\nexit 42\n")
    install(folder, name, hook_script(name, _GONE))
    done = subprocess.run([folder / name], input=b"", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (42, b"")


@pytest.mark.parametrize("refs", [b"", b"a b c d\n", b"a b c d\n\n\n", b"no end"])
def test_what_is_pushed_reaches_both_hooks(folder: Path, tmp_path: Path, refs: bytes) -> None:
    (tmp_path / "bin").mkdir()
    _put(tmp_path / "bin", "copilot", '#!/bin/sh\ncat > "$OUT"\necho "$@"\n')
    _put(folder, "pre-push", "#!/bin/sh\ncat\n")
    install(folder, "pre-push", hook_script("pre-push", _GONE))
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "OUT": str(tmp_path / "out"),
    }
    command = [str(folder / "pre-push"), "origin", "a url"]
    done = subprocess.run(command, input=refs, capture_output=True, env=environment, check=True)
    assert done.stdout == refs + b"hook run pre-push origin a url\n"
    assert (tmp_path / "out").read_bytes() == refs


@pytest.mark.parametrize("without", [0, 7])
def test_a_copilot_that_is_gone_is_said_in_one_line(folder: Path, without: int) -> None:
    (folder.parent / ".git").mkdir()
    install(folder, "pre-commit", hook_script("pre-commit", _GONE, without))
    done = subprocess.run(
        ["/bin/sh", folder / "pre-commit"],
        cwd=folder.parent,
        env={"PATH": "/nowhere"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == without
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"copilot: gone from where it was")


def test_the_interpreter_is_named_and_imports_nothing_from_the_folder(
    folder: Path, tmp_path: Path
) -> None:
    package = tmp_path / "it's here" / "copilot"
    package.mkdir(parents=True)
    _put(tmp_path, "py", '#!/bin/sh\necho "$@"\n')
    (folder.parent / ".git").mkdir(exist_ok=True)
    install(folder, "pre-commit", hook_script("pre-commit", Program(tmp_path / "py", package)))
    done = subprocess.run(
        [folder / "pre-commit"], cwd=folder.parent, capture_output=True, check=True
    )
    assert done.stdout == b"-P -X utf8 -m copilot hook run pre-commit\n"


def test_hooks_lie_where_git_looks(
    make_repository: Callable[..., Path], git: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    found = hook_folder(root)
    assert found.path.resolve() == (root / ".git/hooks").resolve()
    assert not any((found.shared, found.in_work_tree, found.has_worktrees))
    git(root, "worktree", "add", "--quiet", "../second")
    linked = hook_folder(root.parent / "second")
    assert linked.path.resolve() == found.path.resolve()
    assert linked.has_worktrees


def test_a_folder_in_the_work_tree_is_said(
    make_repository: Callable[..., Path], git: Callable[..., str]
) -> None:
    root = make_repository({".husky/pre-commit": "exit 0\n"})
    git(root, "config", "core.hooksPath", ".husky")
    found = hook_folder(root)
    assert found.path == root / ".husky"
    assert (found.shared, found.in_work_tree) == (False, True)
    git(root, "config", "core.hooksPath", str(root / ".git" / "own"))
    assert not hook_folder(root).in_work_tree


def test_a_folder_of_several_repositories_is_said(
    make_repository: Callable[..., Path],
    git: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = make_repository({"a.txt": "one\n"})
    (tmp_path / "config").write_text("[core]\n\thooksPath = ~/shared\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    found = hook_folder(root)
    assert found.path == Path.home() / "shared"
    assert found.shared
    git(root, "config", "core.hooksPath", ".git/own")
    assert not hook_folder(root).shared


def test_hooks_that_are_switched_off_are_an_error(
    make_repository: Callable[..., Path], git: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    git(root, "config", "core.hooksPath", os.devnull)
    with pytest.raises(UsageError, match="switches hooks off"):
        hook_folder(root)


def test_a_link_to_another_folder(
    make_repository: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "a"})
    shutil.rmtree(root / ".git/hooks", ignore_errors=True)
    for target, expected in ((tmp_path / "shared", (True, False)), (root / "in", (False, True))):
        target.mkdir()
        (root / ".git/hooks").symlink_to(target)
        found = hook_folder(root)
        assert (found.shared, found.in_work_tree) == expected
        (root / ".git/hooks").unlink()
    git(root, "config", "core.hooksPath", str(tmp_path / "shared"))
    assert hook_folder(root).shared
