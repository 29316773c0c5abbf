"""A repository at one commit after another, and the prompt for each in three layouts."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stability_prices import Sent, by_section, sent, spread
from copilot.assist.pack import pack
from copilot.assist.scope import Scope
from copilot.cache import Cache
from copilot.context.compose import Wording, compose_prompt
from copilot.context.frozen import FrozenStore
from copilot.context.tokens import DEFAULT_TOKENIZER, load
from copilot.settings.prompts import load_prompt
from copilot.workspace.choose import Selection
from copilot.workspace.history import read_history
from copilot.workspace.masker import Masker
from copilot.workspace.model import Root, Snapshot, SourceFile
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import gathered

OURS, PATH_ORDER, CHANGE_ORDER = "frozen base", "path order", "last-change order"
LAYOUTS = (OURS, PATH_ORDER, CHANGE_ORDER)
QUESTION = "Where does this program read its configuration, and what may a user set there?"
_KEY_BYTES = 32


@dataclass(frozen=True)
class Request:
    """The prompt at a commit in each layout, and why its base is a new one, if it is."""

    commit: str
    prompts: Mapping[str, Sent]
    why_new: str


def requests(repository: Path, work: Path, count: int) -> Iterator[Request]:
    """Yield a request at the commit before the last `count` first-parent commits, and after each.

    `repository` is cloned into `work`. Raises CalledProcessError, CopilotError.
    """
    clone = work / "clone" / name_of(repository)
    commits = _cloned(repository, clone, count)
    load(DEFAULT_TOKENIZER)
    scope = _scope(clone, work)
    for commit in commits:
        _git(clone, "reset", "--quiet", "--hard", commit)
        packed = pack(scope, "ask", QUESTION, _silent)
        prompts = {OURS: sent(packed.prompt, by_section), **_others(scope)}
        yield Request(commit, prompts, packed.why_new)


def _others(scope: Scope) -> dict[str, Sent]:
    """Return the prompts that are laid out anew each time."""
    with closing(scope.cache):
        snapshot = gathered(scope.parts(_silent))
        ordered = {
            PATH_ORDER: snapshot.files,
            CHANGE_ORDER: in_change_order(snapshot.files, scope.roots[0], scope.cache),
        }
        wording = Wording(scope.rules(), load_prompt("task-ask", scope.prompts), QUESTION)
        return {
            name: sent(
                compose_prompt(
                    Snapshot(snapshot.repositories, tuple(files)),
                    wording,
                    scope.tokenizer,
                    scope.cache,
                ),
                spread,
            )
            for name, files in ordered.items()
        }


def in_change_order(files: Sequence[SourceFile], root: Root, cache: Cache) -> list[SourceFile]:
    """Return files by the commit that last changed them, the oldest first, then by path."""
    ago = read_history(root, cache).last_changed()
    return sorted(files, key=lambda file: -ago.get(file.path, len(ago) + 2**30))


def _scope(clone: Path, work: Path) -> Scope:
    """Return what a user without settings reads, with nothing kept but what this run keeps."""
    work.mkdir(parents=True, exist_ok=True)
    key = work / "mask.key"
    key.write_bytes(secrets.token_bytes(_KEY_BYTES))
    return Scope(
        find_roots([str(clone)], work),
        Selection(),
        DEFAULT_TOKENIZER,
        work / "prompts",
        cache=Cache(work / "facts.sqlite"),
        masker=Masker(key),
        frozen=FrozenStore(work / "frozen"),
    )


def _cloned(repository: Path, clone: Path, count: int) -> list[str]:
    """Clone a repository; return its newest commits and one more, the oldest first."""
    clone.parent.mkdir(parents=True)
    _git(clone.parent, "clone", "-qns", str(repository.resolve()), str(clone))
    listed = _git(clone, "rev-list", "--first-parent", f"--max-count={count + 1}", "HEAD")
    return listed.split()[::-1]


def name_of(repository: Path) -> str:
    """Return a repository's name; a bare one in a folder of its own has that folder's."""
    named = repository.resolve()
    named = named.parent if named.name in {"repo", ".git"} else named
    return named.name.rpartition("+")[2].removesuffix(".git")


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _silent(_done: int, _known: int) -> None:
    """Show nothing."""
