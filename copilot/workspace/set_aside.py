"""A repository's state set aside: what is staged and the commit it is staged upon stay readable,
whatever is committed meanwhile.

It is a git folder of its own that borrows the objects of the repository's, so that nothing there
is changed. (gitrepository-layout(5))
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from copilot.workspace.git_state import common_dir_of

_OF_WORK_TREE = ("info/sparse-checkout", "config.worktree")
_SHARED = ("config", "shallow", "info/exclude", "info/attributes")
_UNBORN = "ref: refs/heads/"


@dataclass(frozen=True)
class SetAside:
    """`folder` is the git folder with the state, `git_dir` that of the repository itself."""

    folder: Path
    git_dir: Path
    top: Path

    @property
    def variables(self) -> dict[str, str]:
        """What makes git read this state, with the files of the work tree it belongs to."""
        return {"GIT_DIR": os.fspath(self.folder), "GIT_WORK_TREE": os.fspath(self.top)}


def set_aside(
    top: Path, git_dir: Path, index: Path | None, folder: Path, commit: str | None
) -> SetAside:
    """Copy what is staged in the work tree at `top` into a new folder.

    `index` is the file that git commits from, None for the usual one; `commit` is checked out, None
    before the first one. Raises OSError.
    """
    common = common_dir_of(git_dir)
    for name in ("refs/heads", "objects/info", "info"):
        (folder / name).mkdir(parents=True)
    for source, names in ((git_dir, _OF_WORK_TREE), (common, _SHARED)):
        for name in names:
            if (source / name).is_file():
                shutil.copyfile(source / name, folder / name)
    alternate = _quoted(os.fsencode((common / "objects").resolve()))
    (folder / "objects/info/alternates").write_bytes(alternate + b"\n")
    _copy_index(index or git_dir / "index", git_dir, folder)
    _copy_head(commit, git_dir, folder)
    return SetAside(folder, git_dir, top)


def _quoted(path: bytes) -> bytes:
    """Return a path as a line of `alternates`; git unquotes one that begins with a quote."""
    if b"\n" not in path:
        return path
    for plain, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        path = path.replace(plain, escaped)
    return b'"' + path + b'"'


def _copy_index(index: Path, git_dir: Path, folder: Path) -> None:
    if index.is_file():
        shutil.copyfile(index, folder / "index")
    # A split index names one of these.
    for part in git_dir.glob("sharedindex.*"):
        shutil.copyfile(part, folder / part.name)


def _copy_head(commit: str | None, git_dir: Path, folder: Path) -> None:
    """Write the commit that is checked out, under the name of its branch."""
    head = (git_dir / "HEAD").read_text(encoding="utf-8", errors="surrogateescape").strip()
    name = head.removeprefix(_UNBORN)
    if commit and name != head and ".." not in name.split("/"):
        branch = folder / "refs/heads" / name
        branch.parent.mkdir(parents=True, exist_ok=True)
        branch.write_text(f"{commit}\n", encoding="ascii")
    elif commit:
        head = commit
    (folder / "HEAD").write_bytes(os.fsencode(f"{head}\n"))
