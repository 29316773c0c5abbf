"""Making a new base: all files in full if the budget holds them, else the most valuable of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from msgspec import structs

from copilot.assist.marks import LEAST_TOKENS
from copilot.assist.read import (
    Read,
    check_complete,
    check_not_empty,
    read_texts,
    unread,
    with_outlines,
)
from copilot.assist.scope import Scope
from copilot.batches import batches
from copilot.context.compose import rules_section
from copilot.context.draft import Copy, Draft, dropped
from copilot.context.entries import Shape, path_of, paths_of
from copilot.context.frozen import RECORD_VERSION, Frozen, Record
from copilot.context.model import Frame
from copilot.context.overlay import heads_of
from copilot.context.plan import Option, choose_shapes
from copilot.context.value import value_of
from copilot.context.words import mark_words
from copilot.settings.modes import Mode
from copilot.workspace.history import read_history
from copilot.workspace.model import Repository, SourceFile
from copilot.workspace.snapshot import Progress

# A text of more bytes for each token of the budget cannot all be shown.
_MOST_BYTES_A_TOKEN = 8
# What a base leaves of a budget that cannot hold all files: for changes, and for the task's files.
_BASE_SHARE = 0.7
# Outlines take a quarter of their files, or so; more of them than this cannot be shown.
_OUTLINE_SHARE, _OUTLINES_LOOKED_AT = 0.25, 3.0
_FILES_AT_ONCE = 1000
_PATHS_SHARE = 0.1
# Tokens for truncation marks and the least task.
RESERVE = 200
# In a smaller budget than this, a base that lacks files says too little of a repository.
LEAST_PARTIAL = 200_000


@dataclass(frozen=True)
class Fresh:
    """A base that was just frozen."""

    frozen: Frozen
    read: Read


def freeze(
    scope: Scope, draft: Draft, progress: Progress, before: Record | None = None
) -> Fresh | None:
    """Read everything and lay out a base, None where the budget is too small for one.

    It begins as the one `before` it, as far as no file changed that stands there.

    Raises GitFailed, ReadIncomplete, or UsageError if there is nothing to read.
    """
    draft.start()
    copies, read = _counted(scope, draft, progress)
    check_not_empty(read.files, scope)
    names = [file.name for file in read.files if file.is_text]
    # While the last texts are counted.
    scope.cache.flush()
    times = _times(scope)
    frame = draft.frame(names)
    rules = rules_section(draft, scope.rules(), frame)
    chosen = _chosen(copies, scope, draft, frame, rules.tokens)
    if chosen is None:
        return None
    chosen = _with_texts(_ordered(chosen, scope, times, before), scope)
    laid = draft.lay(chosen, frame)
    words: tuple[str, ...] = ()
    if sum(entry.tokens for entry, _ in laid) >= LEAST_TOKENS:
        words = before.words if before else ()
        words = words or mark_words(copy.source or copy.file.name for copy in chosen)
        laid = draft.with_marks(laid, words, frame, before.before_middle if before else b"")
    shown = set(paths_of(copy.file for copy in chosen))
    entries = tuple(entry for entry, _ in laid)
    # The pieces are never joined, so that memory holds each text once.
    pieces = (rules.data, *(piece for _, some in laid for piece in some))
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    record = Record(
        version=RECORD_VERSION,
        file_tag=frame.file_tag,
        marker=frame.marker,
        words=words,
        over=tuple(p for p in paths_of(f for f in read.files if f.is_text) if p not in shown),
        heads=heads_of(read.repositories),
        rules_size=len(rules.data),
        rules_tokens=rules.tokens,
        base=entries,
        base_sha256=digest.hexdigest(),
    )
    return Fresh(Frozen(record, pieces), read)


def may_lack_files(scope: Scope) -> bool:
    """Tell whether a base that cannot hold all files is of use."""
    is_wide = scope.budget is None or scope.budget >= LEAST_PARTIAL
    return is_wide or scope.outlines or scope.mode is not Mode.AUTO


def _counted(scope: Scope, draft: Draft, progress: Progress) -> tuple[list[Copy], Read]:
    """Read and count all files; their texts are kept while all of them may be shown."""
    copies: list[Copy] = []
    files: list[SourceFile] = []
    repositories: list[Repository] = []
    size, most = 0, (scope.budget or 2**60) * _MOST_BYTES_A_TOKEN
    for part in scope.parts(progress):
        some = draft.copies([file for file in part.files if file.data is not None])
        size += sum(len(copy.file.data or b"") for copy in some)
        copies += some if size <= most else map(dropped, some)
        files += map(unread, part.files)
        repositories += [part.repository] if part.repository else []
    check_complete(files)
    return copies, Read(tuple(files), tuple(repositories))


def _chosen(
    copies: Sequence[Copy], scope: Scope, draft: Draft, frame: Frame, rules_tokens: int
) -> list[Copy] | None:
    """Return what is shown of the files, some without their texts; None to rank them instead.

    What is read beside the roots is shown in full, and takes its share first.
    """
    aliases = frozenset(scope.aliases.all)
    beside = [copy for copy in copies if copy.file.repository in aliases]
    if beside:
        taken = rules_tokens + sum(draft.tokens(beside, frame))
        own = [copy for copy in copies if copy.file.repository not in aliases]
        chosen = _chosen_own(own, scope, draft, frame, taken)
        return None if chosen is None else [*beside, *chosen]
    return _chosen_own(copies, scope, draft, frame, rules_tokens)


def _chosen_own(
    copies: Sequence[Copy], scope: Scope, draft: Draft, frame: Frame, rules_tokens: int
) -> list[Copy] | None:
    """Return the same of the repositories' own files; `rules_tokens` are taken already."""
    if scope.outlines:
        shorter = _outlines(copies, scope, draft)
        copies = [shorter.get(copy.file.name, copy) for copy in copies]
    tokens = draft.tokens(copies, frame)
    if scope.budget is None or sum(tokens) + rules_tokens + RESERVE <= scope.budget:
        return list(copies)
    if not may_lack_files(scope):
        return None
    room = round(_BASE_SHARE * scope.budget) - rules_tokens - RESERVE
    values = {copy.file.name: value_of(copy.file) for copy in copies}
    full = {copy.file.name: count for copy, count in zip(copies, tokens, strict=True)}
    candidates = [] if scope.outlines else _candidates(copies, values, full, room)
    outlines = _outlines(candidates, scope, draft)
    costs = zip(outlines, draft.tokens(list(outlines.values()), frame), strict=True)
    outline_tokens = dict(costs)
    paths = {copy.file.name: Copy(copy.file, Shape.PATH) for copy in copies}
    path_tokens = draft.tokens(list(paths.values()), frame)
    # To know that a file is there is worth its line, as long as the lines leave room for texts.
    given = 1 if sum(path_tokens) <= _PATHS_SHARE * room else 0
    room -= given * sum(path_tokens)
    options = [
        Option(name, values[name], *_less(given * cost, cost, outline_tokens.get(name), full[name]))
        for name, cost in zip(paths, path_tokens, strict=True)
    ]
    shapes = choose_shapes(options, max(room, 0))
    whole = {copy.file.name: copy for copy in copies}
    levels = {Shape.PATH: paths, Shape.OUTLINE: outlines, Shape.FULL: whole}
    chosen = [levels[shape][name] for name, shape in shapes.items()]
    return chosen if any(copy.shape is not Shape.PATH for copy in chosen) else None


def _less(given: int, path: int, outline: int | None, full: int) -> tuple[int, int | None, int]:
    """Return what each level takes beyond what is given anyway."""
    shorter = None if outline is None else max(outline - given, 0)
    return path - given, shorter, max(full - given, 0)


def _candidates(
    copies: Sequence[Copy], values: Mapping[str, float], full: Mapping[str, int], room: int
) -> list[Copy]:
    """Return the files whose outlines may be shown: the best, as far as the room may reach."""
    ranked = sorted(
        copies,
        key=lambda copy: (-values[copy.file.name] / full[copy.file.name], copy.file.name),
    )
    left = room * _OUTLINES_LOOKED_AT
    candidates = []
    for copy in ranked:
        left -= full[copy.file.name] * _OUTLINE_SHARE
        if left < 0:
            break
        candidates.append(copy)
    return candidates


def _outlines(copies: Sequence[Copy], scope: Scope, draft: Draft) -> dict[str, Copy]:
    files = sorted((copy.file for copy in copies), key=lambda file: file.name)
    made: dict[str, Copy] = {}
    # Some at a time: their texts take memory.
    for some in batches(files, lambda _file: 1, _FILES_AT_ONCE):
        texts = read_texts(some, scope)
        made |= {copy.file.name: copy for copy in with_outlines(texts, scope, draft)}
    return made


def _with_texts(copies: Sequence[Copy], scope: Scope) -> list[Copy]:
    """Return the copies with the texts that they show."""
    lacking = [c for c in copies if c.shape is Shape.FULL and c.file.data is None]
    texts = {file.name: file for file in read_texts([c.file for c in lacking], scope)}
    return [
        structs.replace(copy, file=texts[copy.file.name])
        if copy.shape is Shape.FULL and copy.file.name in texts
        else copy
        for copy in copies
    ]


def _ordered(
    copies: Sequence[Copy], scope: Scope, times: Mapping[str, int], before: Record | None
) -> list[Copy]:
    """Return what stands where it stood before, then the rest; what changed last comes last."""
    base = before.base if before else ()
    stood = {(entry.path, entry.shape, entry.source): at for at, entry in enumerate(base)}
    fixed = set(scope.read_only)
    beside = set(scope.aliases.all)

    def order(copy: Copy) -> tuple[int, bool, tuple[bool, int, bytes]]:
        at = stood.get((path_of(copy.file), copy.shape, copy.source), len(stood))
        return at, copy.file.repository not in beside, _place(copy.file, times, fixed)

    return sorted(copies, key=order)


def _times(scope: Scope) -> dict[str, int]:
    """Return when files last changed, by name, in seconds; what is not in it changed before."""
    times = dict(scope.beside.times)
    for root in scope.places:
        history = read_history(root, scope.cache)
        for path, ago in history.last_changed().items():
            times[f"{root.alias}/{path}"] = history.commits[ago].time
    return times


def _place(
    file: SourceFile, times: Mapping[str, int], read_only: Set[str]
) -> tuple[bool, int, bytes]:
    """Return what files are ordered by: what is changed by nobody here first, what is new last."""
    last = 2**60 if file.reason.startswith("untracked") else 0
    return file.repository not in read_only, times.get(file.name, last), os.fsencode(file.name)
