"""Where lines are planted: at the place in a file that is nearest to a depth of the haystack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from copilot.evals.plants import Form, Plant, can_hold, language_of, line_of, module_of, module_text
from copilot.evals.tail import with_text
from copilot.structure.boundaries import boundaries, inner_boundaries
from copilot.workspace.model import SourceFile

# The depths that RULER draws from; a line that lies further off gets a module of its own.
SLOTS = 40
# A file that stands in the prompt twice takes no larger part of it.
_MOST_TWICE = 8


@dataclass(frozen=True)
class Plot:
    """A file that lines can be planted in, and the tokens that it takes.

    `whole` is its text where `file` is only the beginning of it.
    """

    file: SourceFile
    tokens: int
    whole: bytes | None = None

    @property
    def text(self) -> bytes:
        return (self.file.data or b"") if self.whole is None else self.whole


@dataclass(frozen=True)
class Planted:
    """Files with lines planted in them, generated modules among them.

    `places` are each plant's file, by its number in `files`, and the offset of its line in bytes.
    `later` are files as the overlay shows them, and whether it says that they are gone.
    """

    files: tuple[SourceFile, ...]
    places: tuple[tuple[int, int], ...]
    later: tuple[tuple[SourceFile, bool], ...]


@dataclass(frozen=True)
class _Spot:
    """A place: before the byte `offset` of a file, or before the file where that is None."""

    file: int
    offset: int | None
    indent: str = ""


def planted(plots: Sequence[Plot], plants: Sequence[Plant]) -> Planted:
    """Plant lines; generated modules stand before files. There must be a file."""
    ground = _Ground(plots)
    # Those that need a file of their own choose first.
    order = sorted(range(len(plants)), key=lambda number: not plants[number].needs_file)
    spots = dict(zip(order, [ground.spot(plants[number]) for number in order], strict=True))
    return _Field(plots, plants, [spots[n] for n in range(len(plants))], ground.language).planted()


class _Ground:
    """Finds the places of plants, one after another."""

    def __init__(self, plots: Sequence[Plot]) -> None:
        self._plots = plots
        self._sums = [0, *accumulate(plot.tokens for plot in plots)]
        self._closed: set[int] = set()
        self._open_only: set[int] = set()
        tokens: Counter[str] = Counter()
        for plot in plots:
            if can_hold(plot.file.path):
                tokens[language_of(plot.file.path)] += plot.tokens
        self.language = max(sorted(tokens), key=lambda name: tokens[name], default="python")

    def spot(self, plant: Plant) -> _Spot:
        """Return the place of a plant, and keep the file for it where it needs one."""
        target = plant.depth * self._sums[-1]
        near = self._sums[-1] / (SLOTS - 1)
        best = self._nearest(plant, target, self._places)
        if (best is None or best[0] > near) and not plant.linked:
            inner = self._nearest(plant, target, self._inner_places)
            best = min((one for one in (best, inner) if one), key=lambda one: one[0], default=None)
        if best is None or best[0] > near:
            gap = min(range(len(self._sums)), key=lambda n: (abs(self._sums[n] - target), n))
            if best is None or abs(self._sums[gap] - target) < best[0]:
                return _Spot(gap, None)
        (self._closed if plant.needs_file else self._open_only).add(best[1].file)
        return best[1]

    def _nearest(
        self, plant: Plant, target: float, places: Callable[[int], Iterator[tuple[float, _Spot]]]
    ) -> tuple[float, _Spot] | None:
        """Return the nearest of some places in files with its distance in tokens."""
        best: tuple[float, _Spot] | None = None
        for distance, number in sorted(self._distances(plant, target)):
            if best is not None and distance >= best[0]:
                break
            for at, spot in places(number):
                if best is None or abs(at - target) < best[0]:
                    best = abs(at - target), spot
        return best

    def _distances(self, plant: Plant, target: float) -> Iterator[tuple[float, int]]:
        """Yield how far each file that may hold a plant is from a place in tokens."""
        for number, (start, end) in enumerate(pairwise(self._sums)):
            if self._may_hold(plant, number):
                yield max(start - target, target - end, 0), number

    def _may_hold(self, plant: Plant, number: int) -> bool:
        plot = self._plots[number]
        if not can_hold(plot.file.path) or number in self._closed:
            return False
        if plant.linked and language_of(plot.file.path) != self.language:
            return False
        is_free = number not in self._open_only and plot.whole is None
        is_small = plot.tokens * _MOST_TWICE <= self._sums[-1]
        return not plant.needs_file or (is_free and is_small)

    def _places(self, number: int) -> Iterator[tuple[float, _Spot]]:
        """Yield the places between what a file defines, each behind its distance from the begin."""
        plot = self._plots[number]
        for offset in boundaries(plot.file.path, plot.text):
            yield from self._at(number, _Spot(number, offset))

    def _inner_places(self, number: int) -> Iterator[tuple[float, _Spot]]:
        """Yield the places inside of what a file defines."""
        plot = self._plots[number]
        for offset, indent in inner_boundaries(plot.file.path, plot.text):
            yield from self._at(number, _Spot(number, offset, indent))

    def _at(self, number: int, spot: _Spot) -> Iterator[tuple[float, _Spot]]:
        plot, offset = self._plots[number], spot.offset or 0
        size = len(plot.file.data or b"")
        if offset <= size:
            # Tokens lie about as bytes do: to count them would take longer than all else.
            yield self._sums[number] + offset * plot.tokens / max(1, size), spot


@dataclass(frozen=True)
class _Field:
    """Plants with their places: what becomes of the files."""

    plots: Sequence[Plot]
    plants: Sequence[Plant]
    spots: Sequence[_Spot]
    language: str

    def planted(self) -> Planted:
        files: list[SourceFile] = []
        places: dict[int, tuple[int, int]] = {}
        later: list[tuple[SourceFile, bool]] = []
        for gap in range(len(self.plots) + 1):
            for file, offsets, numbers in self._at(gap):
                places |= {n: (len(files), at) for n, at in zip(numbers, offsets, strict=True)}
                files.append(file)
                later += self._later(file, offsets, numbers)
        return Planted(
            tuple(files), tuple(places[n] for n in range(len(self.plants))), tuple(later)
        )

    def _at(self, gap: int) -> Iterator[tuple[SourceFile, list[int], list[int]]]:
        """Yield the modules before a file and the file, each with its plants and their offsets."""
        for number, spot in enumerate(self.spots):
            if spot == _Spot(gap, None):
                path = self._path(number)
                text = module_text(path, self._line(number)).encode()
                yield self._module(path, text), [text.index(self._line(number).encode())], [number]
        if gap < len(self.plots):
            inside = [n for n, spot in enumerate(self.spots) if spot.file == gap]
            chosen = [n for n in inside if self.spots[n].offset is not None]
            yield self._with_lines(self.plots[gap].file, chosen)

    def _with_lines(
        self, file: SourceFile, chosen: Sequence[int]
    ) -> tuple[SourceFile, list[int], list[int]]:
        numbers = sorted(chosen, key=lambda number: (self.spots[number].offset or 0, number))
        if not numbers:
            return file, [], []
        data, made, offsets, last = file.data or b"", b"", [], 0
        for number in numbers:
            at = self.spots[number].offset or 0
            made += data[last:at]
            offsets.append(len(made))
            made, last = made + self._line(number).encode(), at
        return with_text(file, made + data[last:]), offsets, numbers

    def _later(
        self, file: SourceFile, offsets: Sequence[int], numbers: Sequence[int]
    ) -> Iterator[tuple[SourceFile, bool]]:
        for at, number in zip(offsets, numbers, strict=True):
            plant, data = self.plants[number], file.data or b""
            if plant.gone:
                yield file, True
            elif plant.later is not None:
                end = at + len(self._line(number).encode())
                line = self._line(number, plant.later).encode()
                yield with_text(file, data[:at] + line + data[end:]), False

    def _line(self, number: int, later: str | None = None) -> str:
        plant = self.plants[number]
        path = self._path(number)
        source = path
        if plant.form is Form.ALIAS:
            names = [other.name for other in self.plants]
            source = self._path(names.index(plant.value))
        value = plant.value if later is None else later
        return line_of(plant, value, path, source, self.spots[number].indent)

    def _path(self, number: int) -> str:
        spot = self.spots[number]
        if spot.offset is None:
            return module_of(self.language, number + 1)
        return self.plots[spot.file].file.path

    def _module(self, path: str, text: bytes) -> SourceFile:
        repository = self.plots[0].file.repository
        return SourceFile(repository, path, None, "generated", text)
