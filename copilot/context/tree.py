"""Where the tokens are: every file and folder of a prompt as a tree, one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from copilot.context.model import Detail, PackedFile, mask_places
from copilot.text import one_line
from copilot.workspace.model import Snapshot, SourceFile

_INDENT = "  "


def token_tree(packed_files: Sequence[PackedFile], snapshot: Snapshot) -> str:
    """Return a line for each file and folder: its tokens, its name, a file's kind and reason.

    The tokens of a file that is not in the prompt are `-`. `packed_files` are `snapshot`'s.
    """
    pairs = list(zip(packed_files, snapshot.files, strict=True))
    folders = _folder_tokens(packed_files)
    width = len(f"{max(folders.values(), default=0):,}")
    lines: list[str] = []
    open_folders: list[str] = []
    for packed, file in pairs:
        *above, name = _parts(file)
        kept = _shared(open_folders, above)
        for depth in range(kept, len(above)):
            tokens = folders["/".join(above[: depth + 1]) + "/"]
            lines.append(_line(f"{tokens:,}", width, depth, f"{above[depth]}/"))
        open_folders = above
        about = _about(file) + _detail(packed) + _masks(packed)
        lines.append(_line(_count(packed), width, len(above), name) + about)
    return "".join(f"{line}\n" for line in lines)


def _folder_tokens(files: Sequence[PackedFile]) -> Counter[str]:
    """Return the tokens below each folder, by its name with alias and `/` at its end."""
    tokens: Counter[str] = Counter()
    for file in files:
        for folder in _folders(f"{file.repository}/{file.path}"):
            tokens[folder] += file.tokens
    return tokens


def _folders(name: str) -> Iterator[str]:
    end = name.find("/") + 1
    while end:
        yield name[:end]
        end = name.find("/", end) + 1


def _parts(file: SourceFile) -> list[str]:
    """Return the parts of a name; the last one of a folder left out as a whole ends in `/`."""
    *above, name = file.name.removesuffix("/").split("/")
    return [*above, f"{name}/" if file.path.endswith("/") else name]


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many parts two paths begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _count(packed: PackedFile) -> str:
    return f"{packed.tokens:,}" if packed.section else "-"


def _line(tokens: str, width: int, depth: int, name: str) -> str:
    return f"{tokens:>{width}}  {_INDENT * depth}{one_line(name)}"


def _detail(packed: PackedFile) -> str:
    return "; as an outline" if packed.detail is Detail.OUTLINE else ""


def _masks(packed: PackedFile) -> str:
    if not packed.masks:
        return ""
    return f"; masked: {', '.join(f'line {place}' for place in mask_places(packed.masks))}"


def _about(file: SourceFile) -> str:
    reason = one_line(file.reason)
    return f"  {reason}" if reason.startswith(file.kind or "") else f"  {file.kind}: {reason}"
