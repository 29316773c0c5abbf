"""Where a repository's hooks lie, and ours beside them: put in, taken out, nothing lost."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from copilot.errors import UsageError
from copilot.text import one_line
from copilot.workspace.git import GitFailed, run_git
from copilot.workspace.hook_script import KEPT, is_as_written, is_ours

_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class HookFolder:
    """The folder that git looks for hooks in.

    One that `core.hooksPath` names, or that is a link, may be `shared` by several repositories, or
    lie in the work tree. `has_worktrees`: several work trees use it.
    """

    path: Path
    shared: bool = False
    in_work_tree: bool = False
    has_worktrees: bool = False


class Installed(Enum):
    """What became of a hook that was to be put in."""

    NEW = "installed"
    CHAINED = "chained"
    RENEWED = "renewed"
    ALREADY = "already"
    EDITED = "edited"
    IN_THE_WAY = "in the way"


class Removed(Enum):
    """What became of a hook that was to be taken out."""

    REMOVED = "removed"
    RESTORED = "restored"
    EDITED = "edited"
    FOREIGN = "foreign"
    ABSENT = "absent"


def hook_folder(top: Path) -> HookFolder:
    """Return where git looks for the hooks of the work tree at `top`. Raises UsageError."""
    common = Path(os.fsdecode(run_git(top, "rev-parse", "--git-common-dir").removesuffix(b"\n")))
    common = top / common
    worktrees = common / "worktrees"
    has_worktrees = worktrees.is_dir() and any(worktrees.iterdir())
    scope, named = _configured(top)
    path = common / "hooks" if named is None else top / named
    if named is not None and (not named or (path.exists() and not path.is_dir())):
        raise UsageError(
            f"core.hooksPath is {one_line(named) or 'empty'}, which switches hooks off",
            "git config --unset core.hooksPath, or name a folder there",
        )
    # The folder may be a link.
    real = path.resolve()
    is_own = real.is_relative_to(common.resolve())
    inside = not is_own and real.is_relative_to(top.resolve())
    is_shared = scope not in {"", "local", "worktree"} or not (is_own or inside)
    return HookFolder(path, is_shared, inside, has_worktrees)


def _configured(top: Path) -> tuple[str, str | None]:
    """Return the scope and the value of `core.hooksPath` that counts, None if it is not set."""
    asked = ("config", "-z", "--show-scope", "--type=path", "--get-all", "core.hooksPath")
    try:
        printed = run_git(top, *asked, environment={"GIT_CONFIG_NOSYSTEM": "0"})
    except GitFailed as failure:
        if failure.status == 1:
            return "", None
        raise
    fields = [os.fsdecode(field) for field in printed.split(b"\0")[:-1]]
    # What we ourselves set on the command line is no setting of the user's.
    set_by = [(scope, value) for scope, value in _pairs(fields) if scope != "command"]
    return set_by[-1] if set_by else ("", None)


def _pairs(fields: list[str]) -> Iterator[tuple[str, str]]:
    return zip(fields[::2], fields[1::2], strict=False)


def install(folder: Path, name: str, script: bytes) -> Installed:
    """Put our hook into the folder; one that is there is kept beside it, to run first.

    Raises OSError.
    """
    hook, kept = folder / name, folder / (name + KEPT)
    if is_ours(_data(hook)):
        return _renewed(hook, script)
    is_there = os.path.lexists(hook)
    if is_there and (os.path.lexists(kept) or (hook.is_dir() and not hook.is_symlink())):
        return Installed.IN_THE_WAY
    folder.mkdir(parents=True, exist_ok=True)
    new = _written(folder, script)
    if is_there:
        hook.rename(kept)
    new.replace(hook)
    return Installed.CHAINED if os.path.lexists(kept) else Installed.NEW


def _renewed(hook: Path, script: bytes) -> Installed:
    data = _data(hook)
    if not is_as_written(data):
        return Installed.EDITED
    if data == script and os.access(hook, os.X_OK):
        return Installed.ALREADY
    _written(hook.parent, script).replace(hook)
    return Installed.RENEWED


def uninstall(folder: Path, name: str) -> Removed:
    """Take our hook out; what was there before is there again, the same file. Raises OSError.

    What others changed meanwhile is left as it is.
    """
    hook, kept = folder / name, folder / (name + KEPT)
    was_kept, data = os.path.lexists(kept), _data(hook)
    if is_ours(data) and not is_as_written(data):
        return Removed.EDITED
    if not is_ours(data) and os.path.lexists(hook):
        return Removed.FOREIGN if was_kept else Removed.ABSENT
    if was_kept:
        kept.replace(hook)
        return Removed.RESTORED
    if not data:
        return Removed.ABSENT
    hook.unlink()
    return Removed.REMOVED


def _data(hook: Path) -> bytes:
    """Return what a hook holds; nothing for a link or what is no file, as none of ours is."""
    if hook.is_symlink() or not hook.is_file():
        return b""
    with hook.open("rb") as file:
        return file.read(_MOST_BYTES)


def _written(folder: Path, script: bytes) -> Path:
    """Write a program that all may run whom the user's mask lets, under a name of its own."""
    mask = os.umask(0)
    os.umask(mask)
    handle, path = tempfile.mkstemp(prefix=".copilot-", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(script)
        os.fchmod(file.fileno(), 0o777 & ~mask)
    return Path(path)
