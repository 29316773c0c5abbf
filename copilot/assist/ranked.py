"""The files that a task needs: instead of a base in small windows, beside one in large ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from copilot.assist.read import Read, check_not_empty, read_texts, with_outlines
from copilot.assist.relevant import ranked_files
from copilot.assist.scope import Scope
from copilot.context.conventions import convention_names
from copilot.context.draft import Copy, Draft, Laid
from copilot.context.entries import Shape
from copilot.context.model import Frame
from copilot.context.relevance.model import Ranked, Signal
from copilot.context.relevance.rank import chosen_full, load_weights, reasons
from copilot.workspace.snapshot import Progress

# Of what a prompt has room for: wishes of the repository, full texts, and outlines of the next.
_WISHES_SHARE, _FULL_SHARE, _OUTLINE_SHARE = 0.1, 0.85, 0.97
_MOST_OUTLINES = 60
_WISHES = "the repository's wishes"
# Of the room beside a base, what wishes may take that it lacks; they go by these files first.
_FOCUS_WISHES_SHARE, _MOST_GOALS = 0.8, 50


@dataclass(frozen=True)
class Chosen:
    """Files to show, the most needed last; `why` says by name what brought each in."""

    copies: tuple[Copy, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranking:
    """All files with a text, ranked and counted; `signals` are what ranked them."""

    ranked: tuple[Ranked, ...]
    signals: tuple[Signal, ...]
    whole: Mapping[str, Copy]

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.ranked]

    def tokens(self, draft: Draft, frame: Frame) -> int:
        """Return what all of them take in full."""
        return sum(draft.tokens(list(self.whole.values()), frame))

    def why(self, names: Iterable[str]) -> dict[str, str]:
        """Say what brought each of these files, as far as anything did."""
        return reasons(names, self.signals, load_weights())


def ranking_of(read: Read, scope: Scope, asked: str, draft: Draft, progress: Progress) -> Ranking:
    """Rank all files. Raises UsageError if there is nothing to read, ReadIncomplete."""
    check_not_empty(read.files, scope)
    aliases = frozenset(scope.aliases.all)
    texts = [file for file in read.files if file.is_text and file.repository not in aliases]
    ranked, signals, copies = ranked_files(texts, scope, asked, draft, progress)
    return Ranking(tuple(ranked), tuple(signals), {copy.file.name: copy for copy in copies})


def by_rank(ranking: Ranking, scope: Scope, draft: Draft, frame: Frame, room: int) -> Chosen:
    """Return what `room` tokens hold: what is needed most in full, then outlines, then paths."""
    costs = _costs(ranking, draft, frame)
    full = _wishes(ranking, costs, round(_WISHES_SHARE * room))
    if scope.chosen:
        full = _fitting_names([*scope.chosen, *full], costs, room)
        return _chosen(full, ranking, scope, draft, frame, room)
    spent = sum(costs[name] for name in full)
    others = [one for one in ranking.ranked if one.name not in full]
    weights = load_weights()
    best = chosen_full(others, costs, round(_FULL_SHARE * room) - spent, weights)
    # One text in full is worth more than the outlines of others.
    full += best or chosen_full(others, costs, room - spent, weights)
    return _chosen(full, ranking, scope, draft, frame, room)


def _chosen(
    full: Sequence[str], ranking: Ranking, scope: Scope, draft: Draft, frame: Frame, room: int
) -> Chosen:
    """Return these files in full, and what else there is room for."""
    whole = [ranking.whole[name] for name in full]
    spent = sum(draft.tokens(whole, frame))
    taken = set(full)
    rest = [name for name in ranking.names if name not in taken]
    outlines = _outlines(rest, ranking, scope, draft, frame, round(_OUTLINE_SHARE * room) - spent)
    spent += sum(draft.tokens(outlines, frame))
    taken |= {copy.file.name for copy in outlines}
    paths = _paths([n for n in rest if n not in taken], ranking, draft, frame, room - spent)
    order = {n: -p for p, n in enumerate(reversed((*scope.chosen, *ranking.names)))}
    shown = sorted((*whole, *outlines), key=lambda copy: -order[copy.file.name])
    why = ranking.why(copy.file.name for copy in (*paths, *shown)) | dict.fromkeys(
        scope.chosen, "named by the model"
    )
    return Chosen((*paths, *shown), why)


def _fitting_names(names: Sequence[str], costs: Mapping[str, int], room: int) -> list[str]:
    fitting: list[str] = []
    for name in dict.fromkeys(names):
        if costs.get(name, room + 1) <= room:
            fitting.append(name)
            room -= costs[name]
    return fitting


def in_focus(
    ranking: Ranking, shown_full: frozenset[str], draft: Draft, frame: Frame, room: int
) -> Chosen:
    """Return what the task needs in full of the files that a base does not hold so.

    The wishes of the repository that hold for these files, or for most others, come before them.
    """
    costs = _costs(ranking, draft, frame)
    goals = [one.name for one in ranking.ranked[:_MOST_GOALS]]
    lacking = [name for name in convention_names(ranking.names, goals) if name not in shown_full]
    wishes = _fitting_names(lacking, costs, round(_FOCUS_WISHES_SHARE * room))
    room -= sum(costs[name] for name in wishes)
    hidden = shown_full.union(wishes)
    others = [o for o in ranking.ranked if o.name not in hidden and o.score > 0]
    chosen = set(chosen_full(others, costs, room, load_weights()))
    names = [one.name for one in others if one.name in chosen]
    why = dict.fromkeys(wishes, _WISHES) | ranking.why(names)
    return Chosen(tuple(ranking.whole[name] for name in (*wishes, *reversed(names))), why)


def laid_out(chosen: Chosen, scope: Scope, draft: Draft, frame: Frame) -> list[Laid]:
    """Return the entries of what was chosen, with the texts read that they show."""
    lacking = [c.file for c in chosen.copies if c.shape is Shape.FULL and c.file.data is None]
    texts = {file.name: file for file in read_texts(lacking, scope)}
    copies = [
        structs.replace(copy, file=texts[copy.file.name])
        if copy.shape is Shape.FULL and copy.file.name in texts
        else copy
        for copy in chosen.copies
    ]
    return draft.lay(copies, frame)


def _costs(ranking: Ranking, draft: Draft, frame: Frame) -> dict[str, int]:
    tokens = draft.tokens(list(ranking.whole.values()), frame)
    return dict(zip(ranking.whole, tokens, strict=True))


def _wishes(ranking: Ranking, costs: Mapping[str, int], room: int) -> list[str]:
    """Return the files of the repository's wishes, as far as there is room for them."""
    wishes = []
    for name in convention_names(ranking.names):
        if costs[name] <= room:
            wishes.append(name)
            room -= costs[name]
    return wishes


def _outlines(
    names: Sequence[str], ranking: Ranking, scope: Scope, draft: Draft, frame: Frame, room: int
) -> list[Copy]:
    """Return outlines of the most needed of these files that fit."""
    files = sorted((ranking.whole[n].file for n in names[:_MOST_OUTLINES]), key=lambda f: f.name)
    made = {c.file.name: c for c in with_outlines(read_texts(files, scope), scope, draft)}
    ordered = [made[name] for name in names[:_MOST_OUTLINES] if name in made]
    return _fitting(ordered, draft, frame, room)


def _paths(
    names: Sequence[str], ranking: Ranking, draft: Draft, frame: Frame, room: int
) -> list[Copy]:
    """Return the paths of as many of these files as fit, sorted."""
    copies = [Copy(ranking.whole[name].file, Shape.PATH) for name in names[: max(room, 0)]]
    return sorted(_fitting(copies, draft, frame, room), key=lambda copy: copy.file.name)


def _fitting(copies: Sequence[Copy], draft: Draft, frame: Frame, room: int) -> list[Copy]:
    fitting = []
    for copy, tokens in zip(copies, draft.tokens(copies, frame), strict=True):
        if tokens <= room:
            fitting.append(copy)
            room -= tokens
    return fitting
