"""What a review is about: the diff, what of it may be shown, and what refers to what it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from copilot.assist.read import Read, read_texts
from copilot.assist.reviewing.places import Begun, Place, begin, begin_places
from copilot.assist.reviewing.shown import ShownHunk, Side, masked_side, shown_lines, side_of
from copilot.assist.reviewing.touched import Touched, touched
from copilot.assist.scope import Scope
from copilot.context.frozen import Frozen, shows_all
from copilot.workspace.changes_of import Changes, What
from copilot.workspace.choose import Chooser
from copilot.workspace.contents import blob_id
from copilot.workspace.diffs import Diff, DiffFile, DiffHunk
from copilot.workspace.gone_rules import is_matched
from copilot.workspace.kinds import Kind
from copilot.workspace.listing import BY_OWN_RULES, OWN_RULES
from copilot.workspace.model import Root, SourceFile
from copilot.workspace.objects import read_blobs
from copilot.workspace.snapshot import Progress
from copilot.workspace.targets import read_target

# Left out of most prompts because they say little, not because nobody may see them.
_OF_LITTLE_USE = frozenset({Kind.GENERATED, Kind.VENDORED, Kind.LOCK})
_LINK, _NO_TEXT = "120000", "no text"
_BY_STATUS = {
    "submodule": "a submodule: what changed inside it is not shown",
    "unmerged": "in conflict: it is not settled what it will be",
}


@dataclass(frozen=True)
class Matter:
    """What is reviewed, as far as it may be shown, all secrets masked.

    `scope` reads the state after the change; of a patch, the work tree without it. `left_out` are
    changed files that cannot be shown, with the reasons. `sides` are the texts after the change by
    path, `texts` the same as files, `touched` what is changed in each. `find_places` waits for the
    end of a search that goes on meanwhile.
    """

    diff: Diff
    what: What
    root: Root
    scope: Scope
    read: Read
    files: tuple[DiffFile, ...]
    hunks: tuple[ShownHunk, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    sides: Mapping[str, Side] = field(default_factory=dict)
    texts: Mapping[str, SourceFile] = field(default_factory=dict)
    touched: Mapping[str, Touched] = field(default_factory=dict)
    find_places: Callable[[], tuple[Place, ...]] = tuple

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Lines elsewhere that refer to what is changed. Raises GitFailed, ReadIncomplete."""
        return self.find_places()

    @property
    def names(self) -> frozenset[str]:
        """The names of the definitions that the change touches."""
        return frozenset(name for one in self.touched.values() for name in one.names)


def never_shown(file: DiffFile) -> str:
    """Return why no model can be shown what changed in a file, whoever may see it; "" if it can."""
    if file.is_large:
        return "too large to be compared"
    return _BY_STATUS.get(file.status, "binary" if file.is_binary else "")


def state_of(root: Root, changes: Changes, diff: Diff) -> Root:
    """Return the root as it is after the change."""
    if changes.what is What.STAGED:
        return replace(root, state="index")
    return replace(root, state=diff.revision) if changes.what is What.RANGE else root


def gather(
    scope: Scope,
    root: Root,
    changes: Changes,
    diff: Diff,
    progress: Progress,
    kept: Frozen | None = None,
) -> Matter:
    """Read what changed in one of the scope's roots, and what may be shown of it.

    What refers to it is looked for in a base that is `kept`, if there is one. Raises GitFailed,
    UsageError, ReadIncomplete.
    """
    after = state_of(root, changes, diff)
    scope = replace(scope, roots=tuple(after if one == root else one for one in scope.roots))
    if not diff.files:
        return Matter(diff, changes.what, after, scope, Read((), ()), (), ())
    # git looks through the repository while its files are read.
    begun = None if kept and shows_all(kept.record) else begin(after, diff)
    read = Read.of(scope.parts(progress, skip=True))
    return _matter(diff, changes.what, after, scope, read, kept, begun)


def _matter(
    diff: Diff,
    what: What,
    root: Root,
    scope: Scope,
    read: Read,
    kept: Frozen | None,
    begun: Begun | None,
) -> Matter:
    own = {file.path: file for file in read.files if file.repository == root.alias}
    changed = [own[file.path] for file in diff.files if file.path in own]
    rules = _Rules(scope, root, own, diff)
    left_out = [(file.path, why) for file in diff.files if (why := rules.why_hidden(file))]
    hidden = {path for path, _ in left_out}
    shown = [file for file in diff.files if file.path not in hidden]
    wanted = [file for file in changed if file.is_text and file.path not in hidden]
    texts = (
        {file.path: file for file in read_texts(wanted, scope)} if what is not What.PATCH else {}
    )
    known = begun.blobs if begun else {}
    blobs = _blobs(root, [file for file in shown if file.hunks], texts, known)
    sides = {path: _side_of(file, root, blobs, scope) for path, file in texts.items()}
    hunks: list[ShownHunk] = []
    found: dict[str, Touched] = {}
    for file in shown:
        old = blobs.get(file.old_blob or "")
        before = masked_side(file.old_path or file.path, old, scope.masker) if old else None
        after = sides.get(file.path) or _side(file, blobs, scope)
        new = texts[file.path].data if file.path in texts else None
        mine = list(_shown(file, file.hunks, before, after, root, scope, len(hunks)))
        hunks += mine
        if len(mine) < len(file.hunks):
            left_out.append((file.path, _NO_TEXT))
        found[file.path] = touched(file.path, file.hunks, old, new)
    matter = Matter(
        diff, what, root, scope, read, tuple(shown), tuple(hunks), tuple(left_out), sides, texts
    )
    matter = replace(matter, touched=found)
    inside = {(hunk.path, line.number) for hunk in hunks for line in hunk.lines if line.sign != "-"}
    places = begin_places(root, scope, read, matter.names, inside, kept, begun)
    return replace(matter, find_places=places)


def _blobs(
    root: Root,
    files: Sequence[DiffFile],
    texts: Mapping[str, SourceFile],
    known: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Return the texts before the change, and those after it that are left out of prompts.

    Some are `known` already.
    """
    wanted = {file.old_blob for file in files}
    wanted |= {f.blob for f in files if f.path not in texts or texts[f.path].masks}
    ids = sorted(one for one in wanted if one)
    found = {one: known[one] for one in ids if one in known}
    lacking = [one for one in ids if one not in found]
    if lacking and root.is_git:
        found.update(read_blobs(root.path, lacking))
    return found


def _side_of(file: SourceFile, root: Root, blobs: Mapping[str, bytes], scope: Scope) -> Side:
    """Return the lines of a file after the change; secrets of many lines need its own bytes."""
    if not file.masks:
        return side_of(file.text or "")
    data = blobs.get(file.blob or "") or read_target(root.path, file.path).data or b""
    is_it = blob_id(data, len(file.blob or "") or 40) == file.blob
    side = masked_side(file.path, data, scope.masker) if is_it else None
    return side or Side()


def _side(file: DiffFile, blobs: Mapping[str, bytes], scope: Scope) -> Side | None:
    data = blobs.get(file.blob or "")
    return masked_side(file.path, data, scope.masker) if data else None


def _shown(
    file: DiffFile,
    hunks: Sequence[DiffHunk],
    old: Side | None,
    new: Side | None,
    root: Root,
    scope: Scope,
    before: int,
) -> Iterator[ShownHunk]:
    """Yield the hunks that can be shown, numbered behind those before them."""
    for hunk in hunks:
        lines, at = shown_lines(file, hunk, old, new, scope.masker)
        if file.status == "deleted":
            at = tuple(line.number for line in lines)
        if lines:
            before += 1
            yield ShownHunk(before, f"{root.alias}/{file.path}", file.path, hunk, lines, at)


class _Rules:
    """Says of a changed file why no model may be shown it, or cannot be."""

    def __init__(self, scope: Scope, root: Root, own: Mapping[str, SourceFile], diff: Diff) -> None:
        self._chooser = Chooser(scope.selection, scope.cache, scope.masker)
        self._own = own
        self._rules = _own_rules(scope, root, own, diff)

    def why_hidden(self, file: DiffFile) -> str:
        """Return the reason, "" if it may be shown."""
        if why := never_shown(file):
            return why
        for path in dict.fromkeys((file.path, file.old_path or file.path)):
            verdict = self._chooser.before_reading(path)
            if verdict.left_out and verdict.kind not in _OF_LITTLE_USE:
                return verdict.left_out
            if is_matched(path, self._rules):
                return BY_OWN_RULES
        if file.mode == _LINK or file.old_mode == _LINK:
            return ""
        source = self._own.get(file.path)
        if source is None or source.is_text or source.kind in _OF_LITTLE_USE:
            return ""
        return source.reason


def _own_rules(
    scope: Scope, root: Root, own: Mapping[str, SourceFile], diff: Diff
) -> list[tuple[str, bytes]]:
    """Return the folders with rules of their own and these, after the change and before it.

    A file that is gone is in no listing that heeds them.
    """
    files = [f for path, f in own.items() if _is_rules(path) and f.is_text]
    rules = [(file.path.rpartition("/")[0], file.data or b"") for file in read_texts(files, scope)]
    gone = {
        file.old_blob: (file.old_path or file.path).rpartition("/")[0]
        for file in diff.files
        if _is_rules(file.old_path or file.path) and file.old_blob
    }
    if gone and root.is_git:
        rules += [(gone[blob], data) for blob, data in read_blobs(root.path, list(gone))]
    return rules


def _is_rules(path: str) -> bool:
    return path.rpartition("/")[2] == OWN_RULES
