"""A repository's files in the order of a haystack, with their tokens counted once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec import structs

from copilot.context.draft import Copy, Draft
from copilot.context.model import Frame
from copilot.context.tokens import load
from copilot.evals.model import Material, Recipe
from copilot.evals.plants import is_source
from copilot.workspace.model import SourceFile

# A file is large from this part of the room on, but not if it has fewer tokens than these.
_LARGE, _NEVER_LARGE = 8, 512


@dataclass(frozen=True)
class Sized:
    """A file with the tokens that it takes in a prompt, between its marks."""

    file: SourceFile
    tokens: int


class Counted:
    """The files of a material with their tokens; what is made of them is counted here too."""

    def __init__(self, material: Material) -> None:
        # Where the vocabulary is in memory, nothing is counted in another process.
        load(material.tokenizer)
        self.tokenizer = material.tokenizer
        self.draft = Draft(material.tokenizer)
        self._copies = self.draft.copies(material.snapshot.files)

    @cached_property
    def frame(self) -> Frame:
        """The marks that no file holds."""
        return self.draft.frame([copy.file.name for copy in self._copies])

    @cached_property
    def sized(self) -> tuple[Sized, ...]:
        counts = self.draft.tokens(self._copies, self.frame)
        return tuple(Sized(copy.file, n) for copy, n in zip(self._copies, counts, strict=True))

    @cached_property
    def sizes_by_name(self) -> dict[str, int]:
        """The tokens of each file."""
        return {one.file.name: one.tokens for one in self.sized}

    def sizes(self, files: Sequence[SourceFile]) -> list[int]:
        """Return the tokens that files take in a prompt."""
        return self.draft.tokens(self.copies(files), self.frame) if files else []

    def copies(self, files: Sequence[SourceFile]) -> list[Copy]:
        return self.draft.copies(files)

    def again(self, sized: Sized, time: int) -> Sized:
        """Return a file of the copy of that number of the repository; 1 is the file itself."""
        if time == 1:
            return sized
        file = structs.replace(sized.file, path=f"again-{time}/{sized.file.path}")
        return Sized(file, self.sizes([file])[0])


_LAST: dict[tuple[str, str], Counted] = {}


def counted_of(material: Material) -> Counted:
    """Return a material with its files counted; the last one is kept."""
    key = (material.sha256, material.tokenizer)
    if key not in _LAST:
        _LAST.clear()
        _LAST[key] = Counted(material)
    return _LAST[key]


def folder_of(file: SourceFile) -> str:
    return file.name.rpartition("/")[0]


def drawn_folders(files: Iterable[SourceFile], recipe: Recipe, purpose: str) -> dict[str, int]:
    """Return the place of each folder in an order drawn for a purpose."""
    folders = sorted({folder_of(file) for file in files})
    recipe.random("folders", purpose).shuffle(folders)
    return {folder: place for place, folder in enumerate(folders)}


def in_order(
    counted: Counted, recipe: Recipe, near: Collection[str], room: int
) -> Iterator[tuple[int, Sized]]:
    """Yield all files again and again, each with the number of the repository's copy.

    Program text comes before all else, and of it large files last: in one of these there may be no
    place for a line near where one is wanted. Folders come in an order drawn by the recipe, those
    of the files `near` first; the files of a folder stay in their order.
    """
    files = [one.file for one in counted.sized]
    places = drawn_folders(files, recipe, "taken")
    largest = max(room // _LARGE, _NEVER_LARGE)
    first = {folder_of(file) for file in files if file.name in near}

    def place(one: Sized) -> tuple[bool, bool, bool, int, str]:
        folder, name = folder_of(one.file), one.file.name
        is_text, is_large = not is_source(one.file.path), one.tokens > largest
        return is_text, is_large, folder not in first, places[folder], name

    ordered = sorted(counted.sized, key=place)
    time = 1
    while ordered:
        yield from ((time, counted.again(one, time)) for one in ordered)
        time += 1
