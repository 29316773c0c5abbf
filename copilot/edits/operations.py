"""What a reply asks for: operations on files, and the prose around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Target:
    """A file: the alias of its repository and its path from that root, with forward slashes."""

    repository: str
    path: str

    @property
    def name(self) -> str:
        """The path with its repository's alias, as shown to people and models."""
        return f"{self.repository}/{self.path}"


@dataclass(frozen=True)
class Replace:
    """Put `replace` where `search` stands.

    Of every operation, `path` is the raw text of the reply and `line` the 1-based line of the
    reply where the operation starts. Each line of a text ends with a line feed; "" is no line.
    `anchors` are lines that the reply says stand above the place, outermost first; an empty
    `search` is allowed only with one, or with `at_end`: then `replace` goes directly below the
    innermost anchor, or to the file's end.
    """

    path: str
    search: str
    replace: str
    line: int
    anchors: tuple[str, ...] = ()
    at_end: bool = False


@dataclass(frozen=True)
class Create:
    """Make a new file that holds `text`."""

    path: str
    text: str
    line: int
    executable: bool = False


@dataclass(frozen=True)
class Overwrite:
    """Give an existing file the whole new content `text`."""

    path: str
    text: str
    line: int


@dataclass(frozen=True)
class Delete:
    """Remove a file, which must hold exactly the lines of `text` where that is given."""

    path: str
    line: int
    text: str | None = None


@dataclass(frozen=True)
class Rename:
    """Move a file to `new_path`, again the raw text of the reply."""

    path: str
    new_path: str
    line: int


@dataclass(frozen=True)
class Write:
    """Give a file, there or not, the whole content `text`: for formats without a verb."""

    path: str
    text: str
    line: int


@dataclass(frozen=True)
class SetMode:
    """Make an existing file executable, or not."""

    path: str
    executable: bool
    line: int


Operation: TypeAlias = Replace | Create | Overwrite | Delete | Rename | Write | SetMode


@dataclass(frozen=True)
class Reply:
    """A reply taken apart; the announced counts are None where it has no closing line."""

    operations: tuple[Operation, ...]
    prose: str
    announced_files: int | None
    announced_blocks: int | None
