"""Reviews that hooks asked for, kept in the user's state folder by what they are the answer to.

Only what lies there answers a hook: notes in a repository are for people, as anybody writes them.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from copilot import __version__
from copilot.settings.bundled import bundled
from copilot.settings.config import Config
from copilot.settings.paths import StatePaths, state_paths
from copilot.workspace.model import Root

_VERSION = 1
# A pass, or findings.
_ANSWERS = frozenset({0, 1})
_MOST_KEPT = 100
_MOST_BYTES = 16 * 1024 * 1024


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How one review ended.

    `printed` is the document of `copilot review --json`, None where there is none; `said` what it
    said besides. `tree` is the tree that was staged, `commit` what was checked out or, of a range,
    its newer end. `when` is in seconds since 1970. `asked` tells one request from another.
    `git_dir` is that of the work tree; `is_late` tells that the hook did not wait for the end.
    """

    key: str
    asked: str
    hook: str
    when: float
    code: int
    said: str = ""
    tree: str | None = None
    commit: str | None = None
    printed: str | None = None
    git_dir: str = ""
    is_late: bool = False
    version: int = _VERSION

    @property
    def document(self) -> dict[str, Any]:
        """The document; empty where there is none."""
        try:
            # msgspec takes no lone surrogates, which names that are no UTF-8 have.
            found = json.loads(self.printed or "")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def is_answer(self) -> bool:
        """Whether the same question need not be asked again: everything was looked at."""
        return self.code in _ANSWERS and self.document.get("complete") is True


_DECODER = msgspec.json.Decoder(Kept)
_ENCODER = msgspec.json.Encoder()


def review_key(diff_key: str, config: Config, own_prompts: Path) -> str:
    """Return the name of the answer to: review this, with these settings and prompt texts.

    Raises OSError.
    """
    made = hashlib.sha256(f"{_VERSION} {__version__} {diff_key} {config!r}".encode())
    for folder in (bundled("prompts"), own_prompts):
        for path in sorted(folder.glob("*.md")):
            data = path.read_bytes()
            made.update(f"{path.name} {len(data)}\n".encode() + data)
    return made.hexdigest()


def folder_of(common_dir: Path, paths: StatePaths) -> Path:
    """Return where the reviews of a repository are kept, by the folder that its work trees share.

    It need not exist.
    """
    name = hashlib.sha256(os.fsencode(common_dir.resolve())).hexdigest()[:24]
    return paths.reviews / name


def keep(folder: Path, kept: Kept) -> None:
    """Write a review into the folder, in the place of an earlier answer to the same question.

    The oldest of too many go. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, part = tempfile.mkstemp(prefix=".part-", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(_ENCODER.encode(kept))
    Path(part).replace(folder / f"{kept.key}.json")
    if kept.is_late:
        _unseen(folder, kept.key).touch()
    for path in _newest_first(folder)[_MOST_KEPT:]:
        path.unlink(missing_ok=True)
        _unseen(folder, path.stem).unlink(missing_ok=True)


def find(folder: Path, key: str) -> Kept | None:
    """Return the answer to a question, None if there is none that can be read."""
    return _read(folder / f"{key}.json")


def renew(folder: Path, key: str) -> None:
    """Make an answer the newest, as it was given once more."""
    with suppress(OSError):
        os.utime(folder / f"{key}.json")
        _unseen(folder, key).unlink(missing_ok=True)


@dataclass(frozen=True)
class Last:
    """The last review; `is_here` if it is of what HEAD holds, or was to come upon it, here.

    `late` are other reviews that no hook waited for, and that nobody has seen yet.
    """

    kept: Kept
    is_here: bool
    late: tuple[Kept, ...] = ()


def last_review(root: Root, paths: StatePaths | None = None) -> Last | None:
    """Return the newest review of what HEAD holds, or of what was to come upon it.

    Else the newest of this repository, None if no hook asked for one. Raises GitFailed.
    """
    from copilot.workspace.notes import commit_of_head, tree_of_head

    folder = _folder_for(root, paths)
    found = list(_all(_newest_first(folder))) if folder else []
    if folder is None or not found:
        return None
    commit, tree = commit_of_head(root.path), tree_of_head(root.path)
    own = _own_git_dir(root)
    mine = (one for one in found if one.git_dir in ("", own))
    here = (one for one in mine if tree and (one.tree == tree or one.commit == commit))
    kept = next(here, None)
    late = (one for one in found if one != kept and _unseen(folder, one.key).exists())
    return Last(kept or found[0], kept is not None, tuple(late))


def mark_seen(root: Root, seen: Iterable[Kept], paths: StatePaths | None = None) -> None:
    """Say that a person was told of these reviews."""
    folder = _folder_for(root, paths)
    if folder is not None:
        for one in seen:
            with suppress(OSError):
                _unseen(folder, one.key).unlink(missing_ok=True)


def _unseen(folder: Path, key: str) -> Path:
    return folder / f"{key}.unseen"


def on_their_way(root: Root, paths: StatePaths | None = None) -> int:
    """Return how many reviews that a hook asked for in this work tree are not at their end."""
    from copilot.assist.hooking.jobs import Place, is_running

    folder, own = _folder_for(root, paths), _own_git_dir(root)
    places = [Place(lock.parent, lock.stem) for lock in (folder.glob("*.lock") if folder else ())]
    running = [place.read() for place in places if is_running(place)]
    return sum(job is None or job.git_dir == own for job in running)


def _own_git_dir(root: Root) -> str:
    from copilot.workspace.git_state import git_dir_of

    git_dir = git_dir_of(root.path, {})
    return os.fspath(git_dir.resolve()) if git_dir else ""


def _folder_for(root: Root, paths: StatePaths | None) -> Path | None:
    from copilot.workspace.git_state import common_dir_of, git_dir_of

    git_dir = git_dir_of(root.path, {}) if root.is_git else None
    return folder_of(common_dir_of(git_dir), paths or state_paths()) if git_dir else None


def _all(paths: Iterable[Path]) -> Iterator[Kept]:
    for path in paths:
        if (kept := _read(path)) is not None:
            yield kept


def _newest_first(folder: Path) -> list[Path]:
    found: Mapping[Path, float] = {}
    with suppress(OSError):
        found = {path: path.stat().st_mtime for path in folder.glob("*.json")}
    return sorted(found, key=lambda path: -found[path])


def _read(path: Path) -> Kept | None:
    try:
        with path.open("rb") as file:
            kept = _DECODER.decode(file.read(_MOST_BYTES))
    except (OSError, msgspec.DecodeError):
        return None
    return kept if kept.version == _VERSION else None
