"""Golden cases, one a file: cases/<group>/<name>.txt.

The first line is `%%% what it shows`. Sections follow, each under a line of its own:

    %% file NAME          a file before the reply, with its repository's alias
    %% stale NAME         this file changed since the model saw it
    %% encoding NAME WORD Python's name of the codec of a file that is not UTF-8
    %% executable NAME    this file may be executed
    %% marker N           the length of marker that was asked for; 7 if not said
    %% closing optional   the reply comes from another tool: no closing line is needed
    %% reply              what the model said
    %% after NAME         the file after the reply; other files stay untouched
    %% gone NAME          this file is there no longer
    %% mode NAME 755      the file's mode is set; of other files it is not touched
    %% rung NAME RUNG     how one operation on the file before found its place
    %% applied COUNT      operations whose result was there already
    %% refused REASON     a part of what is said; then no file changes
    %% detail TEXT        a part of what is said besides

`«NOEOL»` at the end of a section takes the last line feed away, `«CR»`, `«BOM»`, `«E9»` (bytes in
hexadecimal) and `«U+202E»` stand for what cannot be seen, and `·` for a space at a line's end.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from copilot.edits.changes import ChangeSet
from copilot.edits.operations import Operation, Rename, Target
from copilot.edits.parse import parse
from copilot.edits.paths import qualify
from copilot.edits.place import Placement, place
from copilot.errors import EditsRefused

_CASES = Path(__file__).parent / "cases"
_LEAST = 200
_GROUPS = frozenset(
    {
        *("own", "aider-diff", "aider-fenced", "aider-whole", "unified", "git", "v4a", "mixed"),
        *("cut-off", "ladder", "guards", "bytes", "paths", "damage"),
    }
)
_TOKEN = re.compile("«NOEOL»\n|«CR»|«BOM»|«U\\+([0-9A-F]{4,6})»|«((?:[0-9A-F]{2})+)»|·")
_TOKENS = {"«NOEOL»\n": b"", "«CR»": b"\r", "«BOM»": b"\xef\xbb\xbf", "·": b" "}
_MODES = {"755": 0o100755, "644": 0o100644}
_GIVEN = frozenset({"stale", "encoding", "executable", "marker", "closing"})
_EXPECTED = frozenset({"after", "gone", "mode", "applied", "refused"})
_WORDS = _GIVEN | _EXPECTED | {"rung", "detail"}


@dataclass
class Case:
    """A case as it is written; `said` are the sections without text, by their first word."""

    before: dict[str, bytes] = field(default_factory=dict)
    reply: str = ""
    after: dict[str, bytes] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def read(self, word: str, value: str, data: bytes) -> None:
        """Take one section in. Raises ValueError for what is no section, or stands there twice."""
        if word == "reply" and not self.reply:
            self.reply = data.decode("utf-8", "surrogatepass")
            return
        if not value:
            raise ValueError(f"{word} says nothing")
        texts = {"file": self.before, "after": self.after}.get(word)
        if texts is not None and value not in texts:
            texts[value] = data
        elif texts is not None or word not in _WORDS:
            raise ValueError(f"no section, or a second one: {word} {value}")
        elif data or (word == "closing" and value != "optional"):
            raise ValueError(f"{word} means nothing here")
        self.said[word].append(value)

    def pairs(self, word: str) -> list[tuple[str, str]]:
        """Return the name and the value of each section of that word."""
        return [(name, value) for name, _, value in (s.rpartition(" ") for s in self.said[word])]

    def number(self, word: str, default: int) -> int:
        (number,) = self.said[word] or [str(default)]
        return int(number)


@dataclass(frozen=True)
class Outcome:
    """The files afterwards and what was said; `refused` is empty where all was placed."""

    files: dict[str, bytes]
    refused: str = ""
    details: str = ""
    modes: dict[str, int] = field(default_factory=dict)
    rungs: list[tuple[str, str]] = field(default_factory=list)
    applied: int = 0


def read_case(text: str) -> Case:
    """Read a case file. Raises ValueError where it is none."""
    title, *sections = text.split("\n%% ")
    if not re.fullmatch(r"%%% \S.*", title):
        raise ValueError("the first line must say what the case shows")
    case = Case()
    sections[-1] = sections[-1].removesuffix("\n")
    for section in sections:
        head, filled, content = section.partition("\n")
        word, _, value = head.partition(" ")
        case.read(word, _data(value).decode(), _data(content + "\n") if filled else b"")
    if not case.said.keys() & _EXPECTED:
        raise ValueError("the case expects nothing")
    return case


def _data(text: str) -> bytes:
    position, pieces = 0, []
    for token in _TOKEN.finditer(text):
        pieces.append(text[position : token.start()].encode())
        pieces.append(_meant(token))
        position = token.end()
    return b"".join([*pieces, text[position:].encode()])


def _meant(token: re.Match[str]) -> bytes:
    if token[1]:
        return chr(int(token[1], 16)).encode("utf-8", "surrogatepass")
    return bytes.fromhex(token[2]) if token[2] else _TOKENS[token[0]]


def outcome_of(case: Case, reply: str) -> Outcome:
    """Take a reply through parse, qualify and place, as the caller does."""
    closing_required = case.said["closing"] != ["optional"]
    try:
        read = parse(reply, case.number("marker", 7), closing_required=closing_required)
    except EditsRefused as refusal:
        return Outcome(case.before, refusal.message)
    aliases = {"main"} | {name.split("/")[0] for name in case.before}
    targets: dict[str, Target] = {}
    for raw in _raw_paths(read.operations):
        target = qualify(raw, aliases, lambda alias, path: f"{alias}/{path}" in case.before)
        if isinstance(target, str):
            return Outcome(case.before, f"the path {target}")
        targets[raw] = target
    return _outcome(case.before, _placed(case, read.operations, targets))


def _placed(
    case: Case, operations: Sequence[Operation], targets: Mapping[str, Target]
) -> Placement:
    originals = {target: case.before.get(target.name) for target in targets.values()}
    codecs = dict(case.pairs("encoding"))
    return place(
        operations,
        originals,
        targets,
        stale=[target for target in originals if target.name in case.said["stale"]],
        executable=[target for target in originals if target.name in case.said["executable"]],
        encodings={target: codecs[target.name] for target in originals if target.name in codecs},
    )


def _raw_paths(operations: Sequence[Operation]) -> Iterator[str]:
    for operation in operations:
        yield operation.path
        if isinstance(operation, Rename):
            yield operation.new_path


def _outcome(before: Mapping[str, bytes], placement: Placement) -> Outcome:
    assert not (placement.refusals and placement.changes)
    changes = placement.changes.changes
    return Outcome(
        _written(before, placement.changes),
        "\n".join(f"line {r.line}: {r.reason}" for r in placement.refusals),
        "\n".join(r.detail for r in placement.refusals),
        {change.name: change.mode for change in changes if change.mode is not None},
        [(placed.target.name, placed.rung.value) for placed in placement.placed],
        len(placement.already_applied),
    )


def _written(before: Mapping[str, bytes], changes: ChangeSet) -> dict[str, bytes]:
    files = dict(before)
    for change in changes.changes:
        old_name = f"{change.repository}/{change.old_path or change.path}"
        assert files.pop(old_name, None) == change.before
        if change.after is not None:
            assert change.name not in files
            files[change.name] = change.after
    return files


def _paths() -> list[Path]:
    return sorted(_CASES.glob("*/*.txt"))


def _cases() -> list[object]:
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in _paths()]


@pytest.mark.parametrize("path", _cases())
def test_golden_case(path: Path) -> None:
    case = read_case(path.read_bytes().decode())
    outcome = outcome_of(case, case.reply)
    refused, details = case.said["refused"], case.said["detail"]
    assert bool(outcome.refused) == bool(refused), outcome.refused
    assert [text for text in refused if text not in outcome.refused] == [], outcome.refused
    assert [text for text in details if text not in outcome.details] == [], outcome.details
    expected = {**case.before, **case.after}
    assert outcome.files == {n: data for n, data in expected.items() if n not in case.said["gone"]}
    assert outcome.modes == {name: _MODES[mode] for name, mode in case.pairs("mode")}
    assert outcome.applied == case.number("applied", 0)
    rungs = case.pairs("rung")
    named = {name for name, _ in rungs}
    assert sorted(rungs) == sorted(rung for rung in outcome.rungs if rung[0] in named)


@pytest.mark.parametrize("path", _cases())
def test_line_ends_of_windows_change_nothing(path: Path) -> None:
    case = read_case(path.read_bytes().decode())
    if "\r" not in case.reply:
        same = outcome_of(case, case.reply.replace("\n", "\r\n"))
        assert same == outcome_of(case, case.reply)


@pytest.mark.parametrize("path", _cases())
def test_a_thought_before_the_reply_changes_nothing(path: Path) -> None:
    case = read_case(path.read_bytes().decode())
    bare, thought = (
        outcome_of(case, head + case.reply) for head in ("", "<think>\nHm\n</think>\n")
    )
    assert bool(bare.refused) == bool(thought.refused), thought.refused
    assert (bare.files, bare.modes, bare.applied) == (
        thought.files,
        thought.modes,
        thought.applied,
    )


@pytest.mark.parametrize("path", _cases())
def test_a_reply_that_was_cut_anywhere_is_noticed(path: Path) -> None:
    case = read_case(path.read_bytes().decode())
    whole = _operations(case, case.reply)
    if case.said["closing"] or not whole:
        return
    ends = [match.start() for match in re.finditer(r"\n|(?<=.)(?=.{3}\n)", case.reply)]
    for end in ends:
        # Nothing, where not one edit arrived, or all, where what was lost is no edit.
        assert _operations(case, case.reply[:end]) in ((), whole)


def _operations(case: Case, reply: str) -> tuple[Operation, ...]:
    try:
        return parse(reply, case.number("marker", 7)).operations
    except EditsRefused:
        return ()


def test_there_are_enough_cases_in_known_groups() -> None:
    groups = Counter(path.parent.name for path in _paths())
    assert groups.keys() == _GROUPS
    assert groups.total() >= _LEAST
    titles = Counter((p.parent.name, p.read_text().partition("\n")[0]) for p in _paths())
    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("%% reply\nx\n%% refused x\n", "must say what"),
        ("%%% title\n%% reply\nx\n", "expects nothing"),
        ("%%% title\n%% reply\nx\n%% rung main/a exact\n", "expects nothing"),
        ("%%% title\n%% replay x\n%% refused x\n", "no section"),
        ("%%% title\n%% file a\n%% file a\n%% refused x\n", "a second one"),
        ("%%% title\n%% refused\n", "says nothing"),
        ("%%% title\n%% closing never\n%% refused x\n", "means nothing"),
        ("%%% title\n%% refused x\nlost text\n", "means nothing"),
    ],
)
def test_what_is_no_case_is_noticed(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_case(text)
