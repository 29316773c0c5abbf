"""Which files are read, by the user's patterns and by their kinds."""

from __future__ import annotations

import fnmatch
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from copilot.cache import Cache, key_of
from copilot.errors import UsageError
from copilot.workspace.attributes import NOTHING_TOLD, Told
from copilot.workspace.facts import (
    Begun,
    Bytes,
    Facts,
    Judging,
    begin_facts,
    end_facts,
    facts_of,
    text_of,
)
from copilot.workspace.judge import Verdict, judge_name
from copilot.workspace.kinds import Kind
from copilot.workspace.masker import Masker
from copilot.workspace.model import SourceFile

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    from copilot.workspace.masks.placeholders import Mask

# In one name; pathspec takes exponential time in their number, and a repository may bring some.
_MOST_STARS = 3


@dataclass(frozen=True)
class Selection:
    """Which files the user wants, as patterns in `.gitignore`'s syntax.

    A file must match each group of `include`; no group means all files. A pattern whose last part
    matches a file's own name, not only a folder above it, brings in what its kind leaves out.
    """

    include: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[str, ...] = ()


class Chooser:
    """Says of each file whether it is read, and why not."""

    def __init__(
        self, selection: Selection, cache: Cache | None = None, masker: Masker | None = None
    ) -> None:
        """Without a masker, secrets stay. Raises UsageError for a pattern that is none."""
        self._cache = cache or Cache()
        self._masker = masker
        self._judging = Judging(with_secrets=masker is not None)
        self._include = [_spec(group) for group in selection.include]
        self._exclude = _spec(selection.exclude) if selection.exclude else None
        names = [pattern for group in selection.include for pattern in group]
        self._has_patterns = bool(self._include or self._exclude)
        self._names = [(_last_part(p), _compiled([p])) for p in names if _last_part(p)]

    def before_reading(
        self, path: str, told: Told = NOTHING_TOLD, vendored: str | None = None
    ) -> Verdict:
        """Return the kind a name tells, and why the file is not to be read if it is not."""
        verdict = judge_name(path, told, vendored)
        if not (self._has_patterns or verdict.left_out):
            return verdict
        return Verdict(verdict.kind, self._unmatched(path) or self._unless_named(path, verdict))

    def left_out(self, path: str) -> str | None:
        """Return why a file of this name is not to be read, or None."""
        return self.before_reading(path).left_out

    def begin(self, files: Sequence[Bytes]) -> Begun:
        """Begin to judge contents; `end` takes it."""
        return begin_facts(files, self._cache, self._judging)

    def end(self, alias: str, files: Sequence[Bytes], begun: Begun) -> list[SourceFile]:
        """Return each file with its text, or with the reason why its contents leave it out."""
        facts = end_facts(begun, self._cache, self._judging)
        return [self._source_file(alias, *pair) for pair in zip(files, facts, strict=True)]

    def close(self) -> None:
        """End the process that judges; the next beginning starts it again."""
        self._judging.close()

    def source_files(self, alias: str, files: Sequence[Bytes]) -> list[SourceFile]:
        """Return the same at once, judged in this process."""
        facts = facts_of(files, self._cache, with_secrets=self._masker is not None)
        return [self._source_file(alias, *pair) for pair in zip(files, facts, strict=True)]

    def _source_file(self, alias: str, file: Bytes, facts: Facts) -> SourceFile:
        unwanted = facts.left_out
        if facts.left_out and facts.is_text:
            unwanted = self._unless_named(file.path, Verdict(facts.kind, facts.left_out))
        data = None if unwanted else text_of(file, facts)
        content = file.blob if facts.is_plain else None
        masks: tuple[Mask, ...] = ()
        if data and facts.secrets and self._masker:
            text, masks = self._masker.mask(data.decode(), facts.spans)
            data, content = text.encode(), None
        if data is not None and content is None:
            content = content_of(data.decode())
        return SourceFile(
            alias,
            file.path,
            file.blob,
            unwanted or file.origin,
            data,
            kind=facts.kind,
            encoding=facts.encoding,
            content=content if data is not None else None,
            masks=masks,
        )

    def _unmatched(self, path: str) -> str | None:
        if self._exclude and self._exclude.match_file(path):
            return "excluded by a pattern of --exclude or of a configuration"
        if not all(group.match_file(path) for group in self._include):
            return "not among the included patterns"
        return None

    def _unless_named(self, path: str, verdict: Verdict) -> str | None:
        """Return why a kind is left out, unless a pattern names the file; secrets stay out."""
        if verdict.left_out and verdict.kind is not Kind.SECRET and self._is_named(path):
            return None
        return verdict.left_out

    def _is_named(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return any(
            fnmatch.fnmatchcase(name, last) and pattern.match_file(path)
            for last, pattern in self._names
        )


def content_of(text: str) -> str:
    """Return what names a text that is not, byte for byte, what lies on disk."""
    return key_of("text", text).hex()


def _last_part(pattern: str) -> str:
    """Return the part of a pattern that stands for a file's own name, empty for a folder's."""
    return "" if pattern.startswith("!") else pattern.rpartition("/")[2].strip()


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    for pattern in patterns:
        if not _matches_something(pattern):
            raise UsageError(f"not a pattern: {pattern!r}", "write it as in .gitignore")
    return _compiled(patterns)


def _compiled(patterns: Sequence[str]) -> GitIgnoreSpec:
    # Its import takes as long as listing a repository, and most runs have no patterns.
    from pathspec import GitIgnoreSpec

    # Its faster backends, taken where they are installed, refuse names that are no UTF-8.
    return GitIgnoreSpec.from_lines(patterns, backend="simple")


def _matches_something(pattern: str) -> bool:
    names = (name for name in pattern.split("/") if name.strip("*"))
    if any(name.count("*") > _MOST_STARS for name in names):
        return False
    try:
        # `[[:alpha:]]` is git's, but not pathspec's: the warning says that it is misread.
        with warnings.catch_warnings(action="error"):
            rules = _compiled([pattern]).patterns
    except (ValueError, re.error, Warning):
        return False
    return any(rule.include is not None for rule in rules)
