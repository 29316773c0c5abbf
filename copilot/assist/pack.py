"""From folders and a task to a prompt that fits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from copilot.assist import ahead
from copilot.assist.asking import Asking
from copilot.assist.base import MARKS_TAKEN, Base, base_of
from copilot.assist.freeze import RESERVE
from copilot.assist.read import (
    NothingToRead,
    Read,
    check_complete,
    check_not_empty,
    read_texts,
    unread,
)
from copilot.assist.scope import Scope
from copilot.backends.protocol import Message
from copilot.cache import key_of
from copilot.context.budget import check_budget, no_file_fits
from copilot.context.compose import (
    Wording,
    counted_files,
    prompt_of,
    rules_section,
    section_of,
)
from copilot.context.draft import Copy, Draft, Laid, dropped
from copilot.context.entries import Entry, Shape, latest
from copilot.context.model import Detail, Frame, PackedFile, Prompt, Section, SectionKind
from copilot.context.words import mark_words
from copilot.settings.modes import Mode
from copilot.settings.prompts import load_prompt
from copilot.workspace.model import Part, Repository, Root, Snapshot, SourceFile
from copilot.workspace.snapshot import Progress

if TYPE_CHECKING:
    from copilot.assist.ranked import Chosen, Ranking

# Tokens that counts of parts may be off by, and that a note may take more.
_RESERVE = 50
_UNBOUNDED = 2**40
# With fewer files the task says less: what is too much is cut by this part more, so as to end soon.
_STEPS = 200


@dataclass(frozen=True)
class Packed:
    """A prompt and the snapshot it was made from; what lies in no root is read-only.

    The snapshot's files are without their texts. `why_new` says why the base is a new one, where
    there was another before it. `words` are those that the model was asked to repeat.
    """

    roots: tuple[Root, ...]
    snapshot: Snapshot
    prompt: Prompt
    mode: Mode = Mode.WHOLE
    why_new: str = ""
    words: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is sent."""
        return messages(self.prompt)

    @property
    def full_texts(self) -> dict[str, str]:
        """The files that the prompt holds in full: name with alias to text, its last line ended."""
        last: dict[str, str] = {}
        current = {f"{f.repository}/{f.path}" for f in self.prompt.files if f.detail is Detail.FULL}
        for section in self.prompt.sections:
            last |= {entry.name: text for entry, text in section.texts() if entry.name in current}
        return last

    @property
    def editable_texts(self) -> dict[str, str]:
        """Those of them that lie in a root."""
        aliases = {root.alias for root in self.roots}
        return {n: t for n, t in self.full_texts.items() if n.partition("/")[0] in aliases}


def pack(scope: Scope, kind: str | None, asked: str, progress: Progress) -> Packed:
    """Read the roots and compose the prompt; `kind` is `edit`, `ask`, or None for no task.

    Raises UsageError if there is nothing to read, ReadIncomplete if the system refused a file,
    BudgetExceeded if the budget holds no file at all.
    """
    task = load_prompt(f"task-{kind}", scope.prompts) if kind else ""
    wording = Wording(scope.rules(), task, asked)
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        if kind:
            draft.start_for_few()
        if scope.mode is not Mode.RANK and not is_too_small(scope):
            packed = _with_base(scope, wording, draft, progress)
            if packed is not None:
                return packed
        return _by_rank(scope, wording, draft, progress)


def pack_on_base(scope: Scope, wording: Wording, progress: Progress) -> Packed | None:
    """Return the prompt of the frozen base and a task, without ranking files for it.

    None where the budget does not hold all files and the task, or not even a part that is worth it,
    and where there is no file with a text. Raises as `pack` does.
    """
    if is_too_small(scope):
        return None
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        draft.start_for_few()
        try:
            base = base_of(scope, draft, progress)
            if base is not None:
                check_not_empty(base.read.files, scope)
        except NothingToRead:
            return None
        if base is None:
            scope.cache.put({too_small_key(scope): b"1"})
            return None
        frame, sections = base.frozen.record.frame, list(frozen_sections(base))
        asking = Asking(scope, wording, draft, frame, base.frozen.record.words)
        sections.append(asking.task(sections))
        if _excess(sections, scope) > 0:
            return None
        prompt = prompt_of(sections, base.read.files, frame, scope.tokenizer)
        return _packed(scope, base.read, prompt, asking, Mode.WHOLE, base.why_new)


def is_too_small(scope: Scope) -> bool:
    """Tell whether the budget did not hold all files the last time."""
    if scope.mode is not Mode.AUTO or scope.fresh:
        return False
    key = too_small_key(scope)
    return scope.cache.get([key]).get(key) == b"1"


def too_small_key(scope: Scope) -> bytes:
    """Return the key under which it is kept that a budget does not hold all files."""
    return key_of("too small", scope.key(scope.budget))


def _with_base(scope: Scope, wording: Wording, draft: Draft, progress: Progress) -> Packed | None:
    """Return the prompt with the frozen base, None where its budget is too small for that."""
    base = base_of(scope, draft, progress, for_task=bool(wording.task))
    if base is None:
        scope.cache.put({too_small_key(scope): b"1"})
        return None
    check_not_empty(base.read.files, scope)
    frame, sections = base.frozen.record.frame, list(frozen_sections(base))
    asking = Asking(scope, wording, draft, frame, base.frozen.record.words)
    full = frozenset(e.name for e in latest(base.frozen.entries).values() if e.is_full)
    is_partial = any(file.is_text and file.name not in full for file in base.read.files)
    why: Mapping[str, str] = {}
    read, past = base.read, list[Copy]()
    if scope.examples and wording.task:
        room = -_excess([*sections, asking.task(sections)], scope) - _RESERVE
        read, past = _with_alike(scope, read, wording.asked, draft, room, frame)
    laid = draft.lay(past, frame) if past else []
    if is_partial and wording.task and scope.budget is not None and not scope.outlines:
        # Ranking takes long to import, and most prompts hold all files.
        from copilot.assist.ranked import in_focus, laid_out, ranking_of

        ranking = ranking_of(base.read, scope, wording.asked, draft, progress)
        if not draft.fits(frame, ranking.names):
            # A text that the base does not show, and so does not follow, holds its marks.
            fresh = _with_base(replace(scope, fresh=True), wording, draft, progress)
            return replace(fresh, why_new=MARKS_TAKEN) if fresh else None
        room = -_excess([*sections, asking.task(sections)], scope) - _RESERVE
        room -= sum(entry.tokens for entry, _ in laid)
        while True:
            chosen = in_focus(ranking, full, draft, frame, room)
            shown = [*laid, *laid_out(chosen, scope, draft, frame)]
            focus = section_of(SectionKind.FOCUS, shown)
            excess = _excess([*sections, focus, asking.task([*sections, focus])], scope)
            if excess <= 0 or not chosen.copies:
                break
            # What the task says of these files takes more than was set aside for it.
            room -= excess + room // _STEPS
        sections.append(focus)
        why = chosen.why
    elif laid:
        sections.append(section_of(SectionKind.FOCUS, laid))
    sections.append(asking.task(sections))
    if _excess(sections, scope) > 0:
        return None
    prompt = prompt_of(sections, read.files, frame, scope.tokenizer, why)
    return _packed(scope, read, prompt, asking, Mode.WHOLE, base.why_new)


def _with_alike(
    scope: Scope, read: Read, asked: str, draft: Draft, room: int, frame: Frame | None = None
) -> tuple[Read, list[Copy]]:
    """Return what was read with the examples for the task besides, and copies of those shown.

    They take at most `room` tokens, and what the other examples leave of the share of all.
    """
    from copilot.assist.beside import alike_files

    aliases = frozenset(scope.aliases.examples.values())
    shown = [file for file in read.files if file.repository in aliases and file.is_text]
    copies = draft.copies(read_texts(shown, scope))
    taken = sum(draft.tokens(copies, frame or Frame())) if copies else 0
    names = frozenset(file.name for file in shown)
    room = min(room, scope.room_beside - taken)
    files = alike_files(scope, read, asked, names, room, frame)
    texts = [file for file in files if file.data is not None]
    return replace(read, files=(*read.files, *files)), draft.copies(texts)


def _by_rank(scope: Scope, wording: Wording, draft: Draft, progress: Progress) -> Packed:
    """Return the prompt with those files alone that the task needs."""
    ahead.begin()
    from copilot.assist.ranked import ranking_of

    read = Read.of(scope.parts(progress, skip=True))
    ranking = ranking_of(read, scope, wording.asked, draft, progress)
    read, beside = _beside(scope, read, wording, draft)
    frame = draft.frame([*ranking.names, *(copy.file.name for copy in beside)])
    rules = rules_section(draft, wording.rules, frame)
    words = mark_words(copy.source for copy in ranking.whole.values())
    asking = Asking(scope, wording, draft, frame, words)
    laid = draft.lay(beside, frame) if beside else []
    room = (scope.budget or _UNBOUNDED) - rules.tokens - asking.task([rules]).tokens - _RESERVE
    room -= sum(entry.tokens for entry, _ in laid)
    if scope.mode is Mode.AUTO and ranking.tokens(draft, frame) <= room - RESERVE:
        scope.cache.put({too_small_key(scope): b"0"})
        packed = _with_base(scope, wording, draft, progress)
        if packed is not None:
            return packed
    made = _ranked_sections(ranking, asking, rules, room, laid)
    if made is None:
        copies = list(ranking.whole.values())
        counts = zip(copies, draft.tokens(copies, frame), strict=True)
        used = rules.tokens + asking.task([rules]).tokens
        raise no_file_fits(counted_files(read.files, counts), used, scope.budget or 0)
    sections, chosen = made
    prompt = prompt_of(sections, read.files, frame, scope.tokenizer, chosen.why)
    mode = Mode.SELECT if scope.chosen else Mode.RANK
    return _packed(scope, read, prompt, asking, mode)


def _beside(scope: Scope, read: Read, wording: Wording, draft: Draft) -> tuple[Read, list[Copy]]:
    """Return what was read with the examples for the task, and copies of all beside the roots."""
    aliases = frozenset(scope.aliases.all)
    if not aliases:
        return read, []
    files = [file for file in read.files if file.repository in aliases and file.is_text]
    times = scope.beside.times
    files.sort(key=lambda file: (times.get(file.name, 0), file.name))
    copies = draft.copies(read_texts(files, scope))
    if not (scope.examples and wording.task):
        return read, copies
    read, past = _with_alike(scope, read, wording.asked, draft, scope.room_beside)
    return read, [*copies, *past]


def _ranked_sections(
    ranking: Ranking, asking: Asking, rules: Section, room: int, beside: Sequence[Laid]
) -> tuple[list[Section], Chosen] | None:
    """Return all sections, what stands beside the roots first; None where not even a file fits."""
    from copilot.assist.ranked import by_rank, laid_out

    scope, draft, frame = asking.scope, asking.draft, asking.frame
    while True:
        chosen = by_rank(ranking, scope, draft, frame, room)
        if all(copy.shape is Shape.PATH for copy in chosen.copies):
            return None
        laid = [*beside, *laid_out(chosen, scope, draft, frame)]
        laid = draft.with_marks(laid, asking.words, frame)
        sections = [rules, section_of(SectionKind.FOCUS, laid)]
        sections.append(asking.task(sections))
        if (excess := _excess(sections, scope)) <= 0:
            return sections, chosen
        # What the task says of these files takes more than was set aside for it.
        room -= excess + room // _STEPS


def _excess(sections: Sequence[Section], scope: Scope) -> int:
    """Return by how many tokens these are over the budget."""
    return sum(section.tokens for section in sections) - (scope.budget or _UNBOUNDED)


def _packed(
    scope: Scope, read: Read, prompt: Prompt, asking: Asking, mode: Mode, why_new: str = ""
) -> Packed:
    snapshot = Snapshot(read.repositories, tuple(map(unread, read.files)))
    words = asking.words if asking.asks_marks else ()
    return Packed(scope.roots, snapshot, prompt, mode, why_new, words)


def count_files(scope: Scope, progress: Progress) -> tuple[Snapshot, tuple[PackedFile, ...]]:
    """Read the roots as `pack` does and return the tokens of each file in full, but no text."""
    files: list[SourceFile] = []
    repositories: list[Repository] = []
    copies: list[Copy] = []
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        for part, outlined in _shown_parts(scope, progress):
            texts = [file for file in part.files if file.data is not None]
            whole = draft.copies([file for file in texts if file.name not in outlined])
            short = [file for file in texts if file.name in outlined]
            copies += map(dropped, (*whole, *draft.copies(short, Shape.OUTLINE)))
            files += map(unread, part.files)
            repositories += [part.repository] if part.repository else []
        check_complete(files)
        check_not_empty(files, scope)
        frame = draft.frame([file.name for file in files if file.is_text])
        counts = draft.tokens(copies, frame)
    packed = counted_files(files, zip(copies, counts, strict=True))
    return Snapshot(tuple(repositories), tuple(files)), packed


def _shown_parts(scope: Scope, progress: Progress) -> Iterator[tuple[Part, Collection[str]]]:
    """Yield what is read as it is shown, with the names of those files that are outlines."""
    parts = scope.parts(progress)
    if not scope.outlines:
        yield from ((part, ()) for part in parts)
        return
    from copilot.structure.outliner import Outliner

    with Outliner(scope.cache) as outliner:
        yield from ((made.part, made.names) for made in outliner.outlined(parts))


def frozen_sections(base: Base) -> tuple[Section, Section, Section]:
    """Return rules, base and overlay as they were frozen."""
    record = base.frozen.record
    rules, *files = base.frozen.pieces
    return (
        Section(SectionKind.RULES, (rules,) if rules else (), record.rules_tokens),
        _section(SectionKind.BASE, files, record.base),
        _section(SectionKind.OVERLAY, [record.overlay_data], record.overlay),
    )


def _section(
    kind: SectionKind, pieces: Sequence[bytes | memoryview], entries: tuple[Entry, ...]
) -> Section:
    tokens = sum(entry.tokens for entry in entries)
    return Section(kind, tuple(piece for piece in pieces if piece), tokens, entries)


def limit_of(budget: int | None, window: int | None, reply_tokens: int) -> int | None:
    """Return how many tokens a prompt may have, None if nothing bounds it."""
    room = window - reply_tokens if window else None
    bounds = [bound for bound in (budget, room) if bound is not None]
    return min(bounds, default=None)


def check_fit(prompt: Prompt, budget: int | None, window: int | None, reply_tokens: int) -> int:
    """Return the limit in force in tokens; raise BudgetExceeded if the prompt is over it.

    The model's window must hold the reply too.
    """
    room = window - reply_tokens if window else None
    if budget is not None and (room is None or budget <= room):
        check_budget(prompt, budget)
        return budget
    if room is not None:
        check_budget(prompt, room, f"model's window of {window:,} less {reply_tokens:,} to answer")
        return room
    return prompt.total_tokens


def messages(prompt: Prompt) -> tuple[Message, ...]:
    """Return the prompt as a conversation: the rules from the system, the rest from the user.

    Cut at the end of the rules, of the base, and of each entry of the overlay, which only grows.
    """
    # Megabytes: each section is decoded once.
    texts = [(section, section.text) for section in prompt.sections]
    rules = "".join(text for section, text in texts if section.kind is SectionKind.RULES)
    rest = "".join(text for section, text in texts if section.kind is not SectionKind.RULES)
    return Message("system", rules, (len(rules),)), Message("user", rest, _cuts(texts))


def _cuts(texts: Iterable[tuple[Section, str]]) -> tuple[int, ...]:
    """Return where in the user's message a stable part ends, in characters."""
    sizes: list[int] = []
    for section, text in texts:
        if section.kind is SectionKind.BASE:
            sizes.append(len(text))
        elif section.kind is SectionKind.OVERLAY:
            data, ends = section.data, accumulate((e.size for e in section.entries), initial=0)
            sizes += (len(data[start:end].decode()) for start, end in pairwise(ends))
    return tuple(accumulate(size for size in sizes if size))
