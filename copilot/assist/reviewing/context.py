"""The prompts of a review: the kept base where the window holds it, the changed files, the diff.

The base, and what `ask` and `edit` have kept behind it, are taken as they are; a review adds
nothing to either. What differs from them in the state under review stands in its own focus, so
that a provider's cache holds the beginning of the prompt before the review and after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from copilot.assist.asking import Asking
from copilot.assist.base import Base, base_of
from copilot.assist.marks import LEAST_TOKENS
from copilot.assist.pack import Packed, frozen_sections, too_small_key
from copilot.assist.read import NothingToRead, read_texts, unread, with_outlines
from copilot.assist.reviewing.evidence import SeenFile, Sight, Spot, spot
from copilot.assist.reviewing.form import hunk_text, raw_texts, review_task, shown_name
from copilot.assist.reviewing.kept_base import needs_no_base
from copilot.assist.reviewing.matter import Matter
from copilot.assist.reviewing.places import Place
from copilot.assist.reviewing.shown import ShownHunk, Side, side_of
from copilot.assist.scope import Scope
from copilot.context.compose import Wording, prompt_of, rules_section, section_of
from copilot.context.draft import Copy, Draft, gone
from copilot.context.entries import Entry, Shape, latest, path_of
from copilot.context.frozen import Frozen
from copilot.context.model import Frame, Section, SectionKind
from copilot.context.overlay import left_out, what_is_due
from copilot.context.words import mark_words
from copilot.settings.modes import Mode
from copilot.workspace.changes_of import What
from copilot.workspace.model import Snapshot, SourceFile
from copilot.workspace.snapshot import Progress

# Of the room for a review, what hunks may take: the rest is for the files that they change.
_HUNKS_SHARE = 0.6
# More hunks than this at a time are not read with care.
MOST_HUNKS = 40
# Of a base, what may differ in the state under review.
_MOST_DUE = 0.25
# Tokens that counts of parts may be off by.
_RESERVE = 100
_UNBOUNDED = 2**40
TOO_LARGE = "too large for the prompt"


@dataclass(frozen=True)
class Asked:
    """One request of a review: its prompt, the hunks that it is about, and what it shows."""

    packed: Packed
    hunks: tuple[ShownHunk, ...]
    places: tuple[Place, ...]
    sight: Sight


@dataclass(frozen=True)
class _Ground:
    """What stands before the task in each request: sections with a frame, and what is due there.

    `outlined` are files under review whose outline in the base is out of date: it is made anew only
    where a request does not show the file in full.
    """

    frame: Frame
    sections: tuple[Section, ...]
    due: tuple[Copy, ...] = ()
    outlined: tuple[SourceFile, ...] = ()
    words: tuple[str, ...] = ()
    mode: Mode = Mode.RANK
    why_new: str = ""

    @property
    def entries(self) -> list[Entry]:
        return [entry for section in self.sections for entry in section.entries]


def requests(
    matter: Matter, work: Scope, draft: Draft, progress: Progress, kept: Frozen | None = None
) -> tuple[tuple[Asked, ...], tuple[ShownHunk, ...]]:
    """Return the requests for all hunks, and those hunks that no prompt has room for.

    `work` is the scope that reads the work tree, whose base may be `kept`. Raises CopilotError.
    """
    draft.start_for_few()
    ground = _with_base(matter, work, draft, progress, kept) or _without(matter, draft)
    writer = _Writer(matter, draft, ground)
    asked: list[Asked] = []
    lost: list[ShownHunk] = []
    waiting = list(_batches(matter.hunks, writer))
    while waiting:
        some = waiting.pop(0)
        one = writer.asked(some)
        if one is not None:
            asked.append(one)
        elif len(some) > 1:
            # Counts of parts are rough: what does not fit after all is halved.
            half = len(some) // 2
            waiting[:0] = [some[:half], some[half:]]
        else:
            lost += some
    return tuple(asked), tuple(lost)


def _batches(hunks: Sequence[ShownHunk], writer: _Writer) -> Iterator[list[ShownHunk]]:
    """Yield hunks in their order, as many at a time as one prompt should hold."""
    room = writer.room * _HUNKS_SHARE
    some: list[ShownHunk] = []
    size = 0
    for hunk, tokens in zip(hunks, writer.tokens(hunks), strict=True):
        if some and (size + tokens > room or len(some) == MOST_HUNKS):
            yield some
            some, size = [], 0
        some.append(hunk)
        size += tokens
    if some:
        yield some


def _with_base(
    matter: Matter, work: Scope, draft: Draft, progress: Progress, kept: Frozen | None
) -> _Ground | None:
    """Return the kept base of the work tree, None where there is no room for one, or no use."""
    if needs_no_base(work):
        return None
    frozen, why_new = kept, ""
    for is_new in (False, True):
        if frozen is None or is_new:
            try:
                base = base_of(work, draft, progress)
            except NothingToRead:
                return None
            if base is None:
                work.cache.put({too_small_key(work): b"1"})
                return None
            frozen, why_new = base.frozen, base.why_new
        ground = _on(frozen, matter, draft, why_new)
        if ground is not None:
            return ground
    return None


def _on(frozen: Frozen, matter: Matter, draft: Draft, why_new: str) -> _Ground | None:
    """Return a ground on this base, None if it tells too little of the state under review."""
    scope, files = matter.scope, matter.read.files
    if left_out(frozen, files):
        return None
    due = what_is_due(frozen, files)
    shapes = {file.name: shape for file, shape in due.changed}
    texts = read_texts([file for file, _ in due.changed], scope)
    outlined = [file for file in texts if shapes[file.name] is Shape.OUTLINE]
    reviewed = {file.name for file in matter.texts.values()}
    later = tuple(file for file in outlined if file.name in reviewed)
    full = draft.copies([file for file in texts if shapes[file.name] is not Shape.OUTLINE])
    outlines = _outlines([file for file in outlined if file.name not in reviewed], scope, draft)
    copies = (*full, *outlines, *map(gone, due.gone))
    frame = frozen.record.frame
    names = [*shapes, *due.gone, *raw_texts(matter.hunks, matter.places)]
    if not draft.fits(frame, names):
        return None
    if sum(draft.tokens(copies, frame)) > _MOST_DUE * frozen.tokens:
        return None
    base = Base(frozen, matter.read, why_new)
    ordered = tuple(sorted(copies, key=lambda copy: copy.file.name))
    words = frozen.record.words
    ground = _Ground(frame, frozen_sections(base), ordered, later, words, Mode.WHOLE, why_new)
    return ground if _Writer(matter, draft, ground).room > 0 else None


def _outlines(files: Sequence[SourceFile], scope: Scope, draft: Draft) -> list[Copy]:
    """Return the files as outlines, or in full where no outline is shorter."""
    shorter = with_outlines(files, scope, draft)
    names = {copy.file.name for copy in shorter}
    return [*shorter, *draft.copies([file for file in files if file.name not in names])]


def _without(matter: Matter, draft: Draft) -> _Ground:
    """Return a ground without a base: the rules, and the changed files as far as there is room."""
    draft.copies([file for file in matter.texts.values() if file.data is not None])
    names = [file.name for file in matter.texts.values()]
    frame = draft.frame([*names, *raw_texts(matter.hunks, matter.places)])
    rules = rules_section(draft, matter.scope.rules(), frame)
    words = mark_words(file.content or file.name for file in matter.texts.values())
    return _Ground(frame, (rules,), words=words)


class _Writer:
    """Writes requests on one ground."""

    def __init__(self, matter: Matter, draft: Draft, ground: _Ground) -> None:
        self._matter = matter
        self._draft = draft
        self._ground = ground
        last = latest(ground.entries)
        self._shown_full = {
            path: entry.source for path, entry in last.items() if entry.is_full and entry.source
        }
        due = sum(draft.tokens(ground.due, ground.frame)) if ground.due else 0
        self._left = (matter.scope.budget or _UNBOUNDED) - due - _RESERVE
        self._left -= sum(section.tokens for section in ground.sections)
        self.room = self._left - self._task([], [], ()).tokens

    def tokens(self, hunks: Sequence[ShownHunk]) -> list[int]:
        """Return the tokens of each hunk."""
        return self._draft.counts([hunk_text(hunk, self._ground.frame).encode() for hunk in hunks])

    def asked(self, hunks: Sequence[ShownHunk]) -> Asked | None:
        """Return the request about these hunks, None if they do not fit.

        The changed files come before what refers to them; the longest go first where room is short.
        """
        paths = tuple(dict.fromkeys(hunk.path for hunk in hunks))
        places = self._places(paths)
        room = self.room - sum(self.tokens(hunks))
        if room < 0:
            return None
        files = self._files(paths, room)
        while True:
            sections = self._sections(files, hunks, places)
            if sum(section.tokens for section in sections) <= self._limit:
                return self._made(sections, hunks, places, files)
            if files:
                files = files[:-1]
            elif places:
                places = places[: len(places) // 2]
            else:
                return None

    @property
    def _limit(self) -> int:
        return self._matter.scope.budget or _UNBOUNDED

    def _places(self, paths: Sequence[str]) -> tuple[Place, ...]:
        """Return the places that refer to what is changed in these files."""
        touched = (
            self._matter.touched[path].names for path in paths if path in self._matter.touched
        )
        names = {name for some in touched for name in some}
        return tuple(
            place for place in self._matter.places if any(name in place.text for name in names)
        )

    def _files(self, paths: Sequence[str], room: int) -> list[Copy]:
        """Return what is shown of the changed files that the base does not show, longest last."""
        matter, draft, frame = self._matter, self._draft, self._ground.frame
        due = {copy.file.name for copy in self._ground.due if copy.shape is Shape.FULL}
        files = [matter.texts[path] for path in paths if path in matter.texts]
        files = [
            file
            for file in files
            if file.name not in due and self._shown_full.get(path_of(file)) != file.content
        ]
        copies = draft.copies(files)
        costs = dict(zip((c.file.name for c in copies), draft.tokens(copies, frame), strict=True))
        chosen: list[Copy] = []
        for copy in sorted(copies, key=lambda copy: (costs[copy.file.name], copy.file.name)):
            if costs[copy.file.name] <= room:
                chosen.append(copy)
                room -= costs[copy.file.name]
            else:
                outlines = with_outlines([copy.file], matter.scope, draft)
                spent = sum(draft.tokens(outlines, frame)) if outlines else 0
                if outlines and spent <= room:
                    chosen += outlines
                    room -= spent
        return chosen

    def _sections(
        self, files: Sequence[Copy], hunks: Sequence[ShownHunk], places: Sequence[Place]
    ) -> list[Section]:
        ground, draft = self._ground, self._draft
        shown = {copy.file.name for copy in files}
        lacking = [file for file in ground.outlined if file.name not in shown]
        some = [*files, *_outlines(lacking, self._matter.scope, draft)] if lacking else files
        copies = [*ground.due, *sorted(some, key=lambda copy: copy.file.name)]
        laid = draft.lay(copies, ground.frame) if copies else []
        before = sum(section.tokens for section in ground.sections)
        # As many as the task asks for them from.
        is_long = before + sum(entry.tokens for entry, _ in laid) >= LEAST_TOKENS
        if ground.mode is not Mode.WHOLE and laid and is_long:
            laid = draft.with_marks(laid, ground.words, ground.frame)
        sections = [*ground.sections, section_of(SectionKind.FOCUS, laid)]
        return [*sections, self._task(sections, hunks, places)]

    def _task(
        self, sections: Sequence[Section], hunks: Sequence[ShownHunk], places: Sequence[Place]
    ) -> Section:
        return self._asking(hunks, places).task(sections)

    def _asking(self, hunks: Sequence[ShownHunk], places: Sequence[Place]) -> Asking:
        matter, ground = self._matter, self._ground
        paths = {hunk.path for hunk in hunks}
        shown = [file for file in matter.files if file.path in paths or not file.hunks]
        is_after = matter.what is not What.PATCH
        text = review_task(
            matter.root.alias,
            shown,
            hunks,
            places,
            ground.frame,
            matter.scope.prompts,
            is_after=is_after,
        )
        wording = Wording(matter.scope.rules(), "{{task}}\n", text)
        # What the repository wishes of reviewers is no part of what is asked of this one.
        return Asking(
            matter.scope, wording, self._draft, ground.frame, ground.words, tells_wishes=False
        )

    def _made(
        self,
        sections: list[Section],
        hunks: Sequence[ShownHunk],
        places: Sequence[Place],
        files: Sequence[Copy],
    ) -> Asked:
        matter, ground = self._matter, self._ground
        asking = self._asking(hunks, places)
        asking.task(sections[:-1])
        prompt = prompt_of(sections, matter.read.files, ground.frame, matter.scope.tokenizer)
        snapshot = Snapshot(matter.read.repositories, tuple(map(unread, matter.read.files)))
        words = ground.words if asking.asks_marks else ()
        packed = Packed(matter.scope.roots, snapshot, prompt, ground.mode, ground.why_new, words)
        alias = matter.root.alias
        full = {
            copy.file.path
            for copy in (*files, *ground.due)
            if copy.shape is Shape.FULL and copy.file.repository == alias
        }
        full |= {
            path
            for path, file in matter.texts.items()
            if self._shown_full.get(path_of(file)) == file.content
        }
        sight = _sight(matter, hunks, places, full, packed)
        return Asked(packed, tuple(hunks), tuple(places), sight)


def _sight(
    matter: Matter,
    hunks: Sequence[ShownHunk],
    places: Sequence[Place],
    full: set[str],
    packed: Packed,
) -> Sight:
    """Return what a reply to these hunks can speak of."""
    files: dict[str, SeenFile] = {}
    for path in dict.fromkeys(hunk.path for hunk in hunks):
        mine = [hunk for hunk in hunks if hunk.path == path]
        runs = [run for hunk in mine for run in _runs(hunk)]
        if path in full and path in matter.sides:
            runs.append(_run(matter.sides[path]))
        changed = frozenset(number for hunk in mine for number in hunk.at)
        files[path] = SeenFile(tuple(runs), changed, matter.touched[path].spans)
    for place in places:
        seen = files.get(place.path, SeenFile())
        run = (spot(place.line, place.text, f"{place.line} {place.text}"),)
        files[place.path] = replace(seen, runs=(*seen.runs, run))
    elsewhere = _Elsewhere(matter, packed)
    names = {shown_name(hunk.name): hunk.path for hunk in hunks}
    names |= {shown_name(place.name): place.path for place in places}
    return Sight(matter.root.alias, files, matter.names, elsewhere, names)


def _runs(hunk: ShownHunk) -> Iterator[tuple[Spot, ...]]:
    """Yield a hunk's lines as they stand in it, and as they stand before and after the change."""
    spots = [
        (line.sign, spot(at, line.text, f"{line.prefix}{line.text}", f"{line.sign}{line.text}"))
        for line, at in zip(hunk.lines, hunk.at, strict=True)
    ]
    for left_out_sign in ("", "-", "+"):
        yield tuple(one for sign, one in spots if sign != left_out_sign)


def _run(side: Side) -> tuple[Spot, ...]:
    return tuple(spot(number, text, f"{number} {text}") for number, text in side.lines.items())


class _Elsewhere:
    """Tells what a prompt shows of files that the change does not touch; most often nobody asks."""

    def __init__(self, matter: Matter, packed: Packed) -> None:
        self._matter = matter
        self._packed = packed
        self._texts: dict[str, str] | None = None

    def __call__(self, path: str) -> SeenFile | None:
        if self._texts is None:
            self._texts = self._packed.full_texts
        text = self._texts.get(f"{self._matter.root.alias}/{path}")
        return None if text is None else SeenFile((_run(side_of(text)),))
