"""Parts are read back by a strict reader that knows the boundary marks alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from copilot.context.compose import Wording, compose_prompt
from copilot.context.entries import Entry, Shape
from copilot.context.model import Frame, Prompt, Section, SectionKind
from copilot.context.split import Part, PartWords, Piece, pieces_of_prompt, split
from copilot.context.tokens import count_tokens
from copilot.errors import UsageError
from copilot.settings.prompts import load_prompt
from copilot.workspace.model import Snapshot

MakeSnapshot = Callable[[Mapping[str, str | None]], Snapshot]

WORDING = Wording(
    "Rules: files stand between <{{file_tag}}> marks.\n", "# Task\n\n{{task}}\n", "Greet."
)
_LINES = st.sampled_from(
    [
        *("", "x = 1", "    return é", "日本語" * 9, "</file>", '<file path="repo/b">', "\t", "}"),
        *(
            "word " * 30,
            "a" * 200,
            "0123456789" * 12,
            "=======",
            "/",
            "👩‍👩‍👧‍👦" * 8,
            "\r",
            "\u2028",
        ),
    ]
)
_TEXTS = st.lists(_LINES | st.text(max_size=20), max_size=40).map("\n".join)
_FILES = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3), _TEXTS, min_size=1, max_size=5
)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> PartWords:
    nowhere = tmp_path_factory.mktemp("own")
    return PartWords(load_prompt("split-part", nowhere), load_prompt("split-last", nowhere))


def _prompt(make_snapshot: MakeSnapshot, files: Mapping[str, str], tokenizer: str) -> Prompt:
    return compose_prompt(make_snapshot(files), WORDING, tokenizer)


def _split(prompt: Prompt, most_tokens: int, words: PartWords) -> tuple[Part, ...]:
    count = partial(count_tokens, tokenizer=prompt.tokenizer)
    return split(pieces_of_prompt(prompt), most_tokens, words, count)


def _texts_by_a_strict_reader(parts: Sequence[Part], tag: str) -> dict[str, str]:
    """Return what all parts together say that each file holds; fragments must follow each other."""
    mark = rf'<{tag} path=("[^\n]*?")((?: [a-z-]+="[^"\n]*")*)>\n(.*?)</{tag}>\n'
    texts: dict[str, str] = {}
    for part in parts:
        for name, about, text in re.findall(mark, part.data.decode(), re.DOTALL):
            says = dict(re.findall(r' ([a-z-]+)="([^"]*)"', about))
            if name in texts:
                assert "lines" in says
            if "lines" in says:
                _check_place(says, texts.get(name, ""), text)
            shown = text.removesuffix("\n") if "ends" in says else text
            texts[name] = texts.get(name, "") + shown
    return texts


def _check_place(says: Mapping[str, str], before: str, text: str) -> None:
    first, last = (int(number) for number in says["lines"].split(" of ")[0].split("-"))
    assert first == before.count("\n") + 1
    assert last == first + text.count("\n") - 1
    assert ("begins" in says) == (before[-1:] not in ("", "\n"))


@pytest.mark.parametrize("tokenizer", ["o200k_base", "qwen3"])
@settings(max_examples=100, deadline=None)
@given(files=_FILES, most_tokens=st.integers(150, 500))
@example(files={"a": "x\n" * 2000}, most_tokens=200)
@example(files={"a": "é" * 4000}, most_tokens=200)
@example(files={f"f{n}": f"{n}\n" for n in range(150)}, most_tokens=150)
def test_parts_fit_and_hold_the_prompt(
    make_snapshot: MakeSnapshot,
    words: PartWords,
    tokenizer: str,
    files: dict[str, str],
    most_tokens: int,
) -> None:
    prompt = _prompt(make_snapshot, files, tokenizer)
    parts = _split(prompt, most_tokens, words)
    assert [part.tokens for part in parts] == count_tokens([p.data for p in parts], tokenizer)
    assert max(part.tokens for part in parts) <= most_tokens
    ended = {
        f'"repo/{path}"': text if text.endswith("\n") or not text else f"{text}\n"
        for path, text in files.items()
    }
    assert _texts_by_a_strict_reader(parts, prompt.frame.file_tag) == ended
    assert parts[0].data.decode().count("Rules:") == 1
    assert parts[-1].data.decode().endswith("# Task\n\nGreet.\n")
    assert len(parts) == 1 or [part.data.split(b" of one")[0] for part in parts[:-1]] == [
        f"Part {n} of {len(parts)}".encode() for n in range(1, len(parts))
    ]


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 400), min_size=2, max_size=8), most_tokens=st.integers(200, 400)
)
def test_only_a_file_that_no_part_can_hold_is_cut(
    make_snapshot: MakeSnapshot, words: PartWords, sizes: list[int], most_tokens: int
) -> None:
    files = {str(n): "a word\n" * size for n, size in enumerate(sizes)}
    prompt = _prompt(make_snapshot, files, "o200k_base")
    parts = _split(prompt, most_tokens, words)
    (head,) = count_tokens([words.part])
    for file in prompt.files:
        holding = [part for part in parts if f"repo/{file.path}" in part.labels]
        assert (len(holding) == 1) or file.tokens > most_tokens - head


def test_every_entry_of_a_section_is_a_piece_and_only_texts_can_be_cut() -> None:
    data = [
        b'<file path="r/a" detail="outline">\n',
        b"x\n",
        b"</file>\n",
        *(b'<file path="r/b" detail="path"/>\n', b"<file-mark oak>\n"),
        *(b'<file path="r/c">\n', b"</file>\n"),
    ]
    entries = (
        Entry(b"r/a", Shape.OUTLINE, "", 20, sum(map(len, data[:3])), len(data[0])),
        Entry(b"r/b", Shape.PATH, "", 9, len(data[3]), len(data[3])),
        Entry(b"", Shape.MARK, "oak", 7, len(data[4]), len(data[4])),
        Entry(b"r/c", Shape.FULL, "", 11, len(data[5] + data[6]), len(data[5])),
    )
    section = Section(SectionKind.OVERLAY, tuple(data), 47, entries)
    pieces = pieces_of_prompt(Prompt((section,), (), Frame(), "o200k_base"))
    assert b"".join(piece.data for piece in pieces) == section.data
    assert [(piece.label, piece.tokens, piece.can_be_cut) for piece in pieces] == [
        ("r/a", 20, True),
        ("r/b", 9, False),
        ("a mark", 7, False),
        ("r/c", 11, False),
    ]


def test_a_prompt_that_fits_is_one_part_as_it_is(
    make_snapshot: MakeSnapshot, words: PartWords
) -> None:
    prompt = _prompt(make_snapshot, {"a.py": "x = 1\n"}, "o200k_base")
    (part,) = _split(prompt, prompt.total_tokens, words)
    assert part.data.decode() == prompt.text
    assert (part.number, part.total, part.tokens) == (1, 1, prompt.total_tokens)
    assert part.labels == ("the rules", "repo/a.py", "the task")


def test_every_part_asks_to_wait_for_the_last(
    make_snapshot: MakeSnapshot, words: PartWords
) -> None:
    files = {f"{n}.txt": "word " * 60 for n in range(4)}
    parts = _split(_prompt(make_snapshot, files, "o200k_base"), 150, words)
    firsts = [part.data.decode().splitlines()[0] for part in parts]
    assert firsts == [
        *(
            f'Part {n} of 4 of one long message. Do not answer yet: reply with "ok" and nothing '
            "else until part 4, the last one, has come."
            for n in (1, 2, 3)
        ),
        "Part 4 of 4, the last one. All parts together are one message: answer it now.",
    ]
    assert [part.number for part in parts] == [1, 2, 3, 4]


def test_a_cut_file_says_where_it_goes_on(make_snapshot: MakeSnapshot, words: PartWords) -> None:
    lines = [f"line {n}\n" for n in range(1, 101)]
    parts = _split(_prompt(make_snapshot, {"a": "".join(lines)}, "o200k_base"), 200, words)
    heads = [
        line for part in parts for line in part.data.decode().splitlines() if line[:6] == "<file "
    ]
    assert len(heads) == len(parts) > 2
    assert heads[0].startswith('<file path="repo/a" lines="1-')
    assert all(head.endswith(' of 100" goes-on="in the next part">') for head in heads[:-1])
    assert heads[-1].endswith('-100 of 100">')


def test_a_long_line_is_cut_between_characters(
    make_snapshot: MakeSnapshot, words: PartWords
) -> None:
    text = "first\n" + "日本語" * 300 + "\nlast\n"
    parts = _split(_prompt(make_snapshot, {"a": text}, "o200k_base"), 200, words)
    data = b"".join(part.data for part in parts).decode()
    assert 'lines="1-1 of 3" goes-on' in data
    assert 'lines="2-2 of 3" ends="inside a line" goes-on' in data
    assert 'lines="2-3 of 3" begins="inside a line">' in data


def test_a_line_is_cut_only_if_no_part_can_hold_it(
    make_snapshot: MakeSnapshot, words: PartWords
) -> None:
    files = {"a": "word " * 40, "b": f"{'word ' * 150}\n" * 5}
    parts = _split(_prompt(make_snapshot, files, "o200k_base"), 280, words)
    assert len(parts) == 6
    assert not any(b"inside a line" in part.data for part in parts)


def test_fragments_fill_their_parts(make_snapshot: MakeSnapshot, words: PartWords) -> None:
    source = Path(__file__).read_text(encoding="utf-8") * 20
    prompt = _prompt(make_snapshot, {"a.py": source}, "o200k_base")
    parts = _split(prompt, 4000, words)
    assert all(part.tokens > 3600 for part in parts[:-1])


def test_a_file_that_must_be_cut_begins_where_there_is_room(
    make_snapshot: MakeSnapshot, words: PartWords
) -> None:
    files = {"a": "word " * 20, "b": "a line of words\n" * 400, "c": "word " * 20}
    parts = _split(_prompt(make_snapshot, files, "o200k_base"), 400, words)
    assert parts[0].labels == ("the rules", "repo/a", "repo/b")
    assert parts[-1].labels[-2:] == ("repo/c", "the task")
    assert all(part.labels == ("repo/b",) for part in parts[1:-1])


@pytest.mark.parametrize(("files", "parts"), [(18, 9), (19, 19)])
def test_the_number_of_parts_may_grow_by_its_own_digits(files: int, parts: int) -> None:
    # With qwen3 each digit is a token, and two files fill a part whose head has two digits.
    words = PartWords("{{number}} {{total}}", "{{number}} {{total}}")
    count = partial(count_tokens, tokenizer="qwen3")
    text = b"<file>\nx\n</file>\n"
    tokens, head = count([text, b"9 9\n\n"])
    most_tokens = head + 2 * tokens
    made = split([Piece("a", text, tokens)] * files, most_tokens, words, count)
    assert len(made) == parts
    assert max(part.tokens for part in made) <= most_tokens


def _joining_count(texts: Sequence[bytes]) -> list[int]:
    """Count as a tokenizer might that has tokens of more than one line."""
    return [len(text) + 7 * text.count(b">\n<") for text in texts]


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=30), most=st.integers(100, 300))
def test_parts_fit_even_where_pieces_do_not_add_up(
    words: PartWords, sizes: list[int], most: int
) -> None:
    texts = [b"<" + b"x" * size + b">\n" for size in sizes]
    pieces = [
        Piece("a", text, tokens) for text, tokens in zip(texts, _joining_count(texts), strict=True)
    ]
    short = PartWords("{{number}}/{{total}}", "{{number}}/{{total}}")
    parts = split(pieces, most, short, _joining_count)
    assert [part.tokens for part in parts] == _joining_count([part.data for part in parts])
    assert max(part.tokens for part in parts) <= most
    held = b"".join(
        part.data.partition(b"\n\n")[2] if len(parts) > 1 else part.data for part in parts
    )
    assert held == b"".join(texts)


@pytest.mark.parametrize("label", ["the rules", "the task"])
def test_parts_too_small_for_rules_or_task_are_refused_with_what_they_need(
    make_snapshot: MakeSnapshot, words: PartWords, label: str
) -> None:
    long = "Do many things. " * 40
    wording = Wording(long, "{{task}}", "x") if label == "the rules" else Wording("R.", long, "x")
    prompt = compose_prompt(make_snapshot({"a": "x\n" * 500}), wording)
    with pytest.raises(
        UsageError, match=f"^parts of 60 tokens are too small for {label}: "
    ) as caught:
        _split(prompt, 60, words)
    least = int(caught.value.hint.removeprefix("use --split with at least "))
    assert len(_split(prompt, least, words)) > 1
    with pytest.raises(UsageError, match=label):
        _split(prompt, least - 1, words)


def test_parts_too_small_for_any_of_a_file_are_refused(
    make_snapshot: MakeSnapshot, words: PartWords
) -> None:
    name = "n" * 100 + "\x1b"
    prompt = _prompt(make_snapshot, {name: "x\n" * 500}, "o200k_base")
    with pytest.raises(UsageError, match=r"too small for repo/n{100}\\x1b: ") as caught:
        _split(prompt, 60, words)
    least = int(caught.value.hint.removeprefix("use --split with at least "))
    assert len(_split(prompt, least + 1, words)) > 1


def test_words_with_a_wrong_blank_are_refused(make_snapshot: MakeSnapshot) -> None:
    prompt = _prompt(make_snapshot, {"a": "x\n" * 500}, "o200k_base")
    with pytest.raises(UsageError, match="unknown blank"):
        _split(prompt, 100, PartWords("{{parts}}", ""))


def test_without_words_parts_have_no_head(make_snapshot: MakeSnapshot) -> None:
    files = {f"{n}.txt": "word " * 60 for n in range(4)}
    prompt = _prompt(make_snapshot, files, "o200k_base")
    parts = _split(prompt, 120, PartWords("", " \n"))
    assert len(parts) > 1
    assert b"".join(part.data for part in parts).decode() == prompt.text
