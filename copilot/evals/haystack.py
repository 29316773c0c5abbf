"""Haystacks: as many of a repository's files as a length holds, with lines planted in copies.

After RULER (Hsieh et al. 2024, arXiv 2404.06654), whose haystacks grow until they just fit. Files
come folder by folder in an order that the recipe draws, and in the repository's own order inside of
a folder, program text first. A second draw arranges the folders, so that a file that was needed can
stand anywhere. The last file is cut at a line; what remains then is filled with short comments.
A repository that is too small is repeated under other folder names. Prompts are made of sections by
the product's own functions, so that their tokens add up exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate, islice

from copilot.context.compose import Wording, prompt_of, rules_section, section_of, task_section
from copilot.context.draft import Laid, gone
from copilot.context.entries import Shape, foot_of, head_of, quoted
from copilot.context.model import Prompt, Section, SectionKind
from copilot.context.tokens import count_tokens
from copilot.errors import UsageError
from copilot.evals.counted import Counted, Sized, counted_of, drawn_folders, folder_of, in_order
from copilot.evals.model import Material, Recipe
from copilot.evals.planting import Planted, Plot, planted
from copilot.evals.plants import Plant, line_of
from copilot.evals.tail import (
    LEAST_TAIL,
    LOOKED_AT,
    TAIL,
    Stream,
    Tail,
    first_lines,
    lines_of,
    size_of,
    with_text,
)
from copilot.settings.prompts import fill_prompt
from copilot.workspace.model import SourceFile

_MOST_TRIES = 20
_LINE_TOKENS = 8
_HINT = "ask for longer ones"


@dataclass(frozen=True)
class Fitted:
    """A haystack for one question or several; `prompt` makes the prompt of each.

    All of them begin alike; a shorter question has some more lines of the last files before it.
    `haystack` names what they share. `positions` are the plants' first tokens, counted from the
    prompt's begin, and `planted` the names of the files they stand in. `copies` is how many times
    the repository is in it, at most.
    """

    haystack: str
    positions: tuple[int, ...]
    planted: tuple[str, ...]
    copies: int
    _parts: _Parts = field(repr=False)

    def prompt(self, wording: Wording) -> Prompt:
        """Return the prompt of a question: at most the recipe's room, and at least 99 % of it.

        Raises UsageError for a question longer than those that the haystack was made for.
        """
        if not self._parts.can_hold(wording):
            room = self._parts.recipe.room
            raise UsageError(f"a question takes more than {room:,} tokens with its haystack", _HINT)
        return self._parts.prompt(wording)


def fitted(
    material: Material,
    recipe: Recipe,
    wordings: Sequence[Wording],
    plants: Sequence[Plant] = (),
    needed: Collection[str] | Mapping[str, bytes] = (),
    files: Iterable[SourceFile] | None = None,
) -> Fitted:
    """Return a haystack for these questions, which have the same rules.

    Files that are `needed`, by name with alias, are in it whole, or with the text that a mapping
    gives for them if that is not empty. `files` are taken in their order in the place of the
    repository's; there must be more of them than fit. Raises UsageError where the length is too
    small for all of it.
    """
    if files is None and not material.snapshot.files:
        raise UsageError("there is no text to make a haystack of")
    texts = needed if isinstance(needed, Mapping) else dict.fromkeys(needed, b"")
    return _Making(material, recipe, tuple(wordings), tuple(plants), texts, files).made()


def room_for(material: Material, recipe: Recipe, wording: Wording) -> int:
    """Return the tokens that a prompt with this question has for files. Raises UsageError."""
    counted = counted_of(material)
    rules = rules_section(counted.draft, wording.rules, counted.frame)
    foot = Section(SectionKind.BASE, (foot_of(counted.frame),), 0)
    task = task_section(counted.draft, wording, counted.frame, [foot])
    return recipe.room - rules.tokens - task.tokens


class _Making:
    """Tries with more and more tokens kept free, until what is planted fits as well."""

    def __init__(
        self,
        material: Material,
        recipe: Recipe,
        wordings: tuple[Wording, ...],
        plants: tuple[Plant, ...],
        needed: Mapping[str, bytes],
        files: Iterable[SourceFile] | None,
    ) -> None:
        self.material = material
        self.counted = counted = counted_of(material)
        self.recipe = recipe
        self.wordings = wordings
        self.plants = plants
        self.needed = needed
        self.is_own = files is None
        self.rules = rules_section(counted.draft, wordings[0].rules, counted.frame)
        if files is None:
            source = in_order(counted, recipe, needed, recipe.room)
        else:
            source = ((1, Sized(file, size_of(counted, file))) for file in files)
        self.stream = Stream(source)

    def made(self) -> Fitted:
        lines = [line_of(plant, plant.value, "a.py", "a.py") for plant in self.plants]
        kept_free = sum(count_tokens(lines, self.recipe.tokenizer)) if lines else 0
        for time in range(_MOST_TRIES):
            found, over = self._tried(kept_free)
            if over <= 0:
                return found
            # A file is cut at a line: for a token less, a whole line must go.
            kept_free += over + _LINE_TOKENS * time
        raise self._too_small()

    def _tried(self, kept_free: int) -> tuple[Fitted, int]:
        """Return a haystack, and by how many tokens it is too large."""
        rooms = (room_for(self.material, self.recipe, one) for one in self.wordings)
        rest = min(rooms) - kept_free
        chosen, copies = self._chosen(rest)
        rest -= sum(one.tokens for one in chosen)
        number, whole, head = self._head(rest, {one.file.name for one in chosen})
        plots = [Plot(one.file, one.tokens) for one in self._arranged(chosen)]
        plots.append(Plot(head, size_of(self.counted, head), whole.data))
        result = planted(plots, self.plants)
        # Behind a module that was added, the file before it does not go on.
        goes_on = result.files[-1].name == head.name
        more = lines_of(whole)[len(lines_of(head)) :] if goes_on else ()
        parts = self._parts(more, result, number + 1)
        longest = max(parts.tasks(self.wordings))
        over = size_of(self.counted, parts.tail.head) - parts.rest(longest)
        return parts.fitted(copies), over

    def _chosen(self, room: int) -> tuple[list[Sized], int]:
        """Return the files that are in it whole, and how many copies of the repository."""
        chosen, copies = [self._whole(one) for one in self.counted.sized if self._needs(one)], 1
        room -= sum(one.tokens for one in chosen)
        if room < LEAST_TAIL:
            raise self._too_small()
        for _, copy, one in self.stream.after(0):
            if self._needs(one):
                continue
            copies = max(copies, copy)
            if one.tokens > room - TAIL:
                break
            chosen.append(one)
            room -= one.tokens
        return chosen, copies

    def _needs(self, one: Sized) -> bool:
        return one.file.name in self.needed

    def _whole(self, one: Sized) -> Sized:
        """Return a file that is needed with the text that is needed of it."""
        text = self.needed[one.file.name]
        if not text:
            return one
        file = with_text(one.file, text)
        return Sized(file, size_of(self.counted, file))

    def _head(self, rest: int, there: Collection[str]) -> tuple[int, SourceFile, SourceFile]:
        """Return a file's place, the file, and as much of it as fits."""
        others = (one for one in self.stream.after(0) if one[2].file.name not in there)
        found: list[tuple[int, SourceFile, SourceFile]] = []
        for number, _, one in islice(others, LOOKED_AT):
            empty, lines = with_text(one.file, b""), lines_of(one.file)
            taken = first_lines(self.counted, empty, lines, rest)
            found.append((number, one.file, with_text(one.file, b"".join(lines[:taken]))))
            if taken:
                return found[-1]
        # The first lines of all of these are too long.
        if not found:
            raise self._too_small()
        return found[0]

    def _arranged(self, chosen: Sequence[Sized]) -> list[Sized]:
        """Return the files in another order of their folders."""
        if not self.is_own:
            return list(chosen)
        places = drawn_folders([one.file for one in chosen], self.recipe, "arranged")
        return sorted(chosen, key=lambda one: (places[folder_of(one.file)], one.file.name))

    def _parts(self, more: tuple[bytes, ...], result: Planted, start: int) -> _Parts:
        *shared, head = result.files
        counted = self.counted
        names = frozenset(file.name for file in shared)
        tail = Tail(counted, self.recipe.room, head, more, self.stream, start, names)
        entries = [
            laid
            for file, is_gone in result.later
            for laid in counted.draft.lay(
                [gone(file.name)] if is_gone else counted.copies([file]), counted.frame
            )
        ]
        overlay = section_of(SectionKind.OVERLAY, entries)
        notes = _notes(self.material, result)
        laid = counted.draft.lay(counted.copies(shared), counted.frame) if shared else []
        return _Parts(counted, self.recipe, self.rules, tuple(laid), tail, overlay, notes, result)

    def _too_small(self) -> UsageError:
        tokens = self.recipe.tokens
        return UsageError(
            f"a length of {tokens:,} tokens is too small for {self.recipe.task}", _HINT
        )


@dataclass(frozen=True)
class _Parts:
    """What prompts are made of: rules, files that all of them share, those behind, an overlay."""

    counted: Counted
    recipe: Recipe
    rules: Section
    shared: tuple[Laid, ...]
    tail: Tail
    overlay: Section
    notes: str
    planted: Planted

    def fitted(self, copies: int) -> Fitted:
        digest = sha256(b"".join(self.rules.pieces))
        for _, pieces in self.shared:
            for piece in pieces:
                digest.update(piece)
        digest.update(self.tail.head.data or b"")
        files = self.planted.files
        names = tuple(files[number].name for number, _ in self.planted.places)
        return Fitted(digest.hexdigest()[:16], self._positions(), names, copies, self)

    def can_hold(self, wording: Wording) -> bool:
        """Tell whether the room holds a question behind what all of them share."""
        return size_of(self.counted, self.tail.head) <= self.rest(self._task(wording).tokens)

    def prompt(self, wording: Wording) -> Prompt:
        frame, draft = self.counted.frame, self.counted.draft
        task = self._task(wording)
        files = self.tail.files(self.rest(task.tokens))
        laid = draft.lay(self.counted.copies(files), frame)
        base = section_of(SectionKind.BASE, [*self.shared, *laid])
        shown = [*self.planted.files[:-1], *files]
        sections = [self.rules, base, self.overlay, task]
        return prompt_of(sections, shown, frame, self.recipe.tokenizer)

    def tasks(self, wordings: Sequence[Wording]) -> list[int]:
        """Return the tokens of each question."""
        return [self._task(wording).tokens for wording in wordings]

    def rest(self, task: int) -> int:
        """Return the tokens that a question of so many leaves for the files behind the shared."""
        shared = sum(entry.tokens for entry, _ in self.shared)
        return self.recipe.room - self.rules.tokens - shared - self.overlay.tokens - task

    def _task(self, wording: Wording) -> Section:
        foot = Section(SectionKind.BASE, (foot_of(self.counted.frame),), 0)
        before = self.overlay if self.overlay.pieces else foot
        draft, frame = self.counted.draft, self.counted.frame
        return task_section(draft, wording, frame, [before], self.notes)

    def _positions(self) -> tuple[int, ...]:
        sizes = [entry.tokens for entry, _ in self.shared]
        starts = list(accumulate(sizes, initial=self.rules.tokens))
        found = []
        for number, offset in self.planted.places:
            file = self.planted.files[number]
            head = head_of(file.name, Shape.FULL, self.counted.frame)
            text = head + (file.data or b"")[:offset]
            found.append(starts[number] + count_tokens([text], self.recipe.tokenizer)[0])
        return tuple(found)


def _notes(material: Material, result: Planted) -> str:
    """Return what the product says of files that the overlay shows again or takes away."""
    if not result.later:
        return ""
    lines = sorted(f"- {quoted(f.name)}{': deleted' if gone else ''}" for f, gone in result.later)
    return fill_prompt(material.prompts["superseded"], paths="\n".join(lines)).strip()
