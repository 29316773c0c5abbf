from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from copilot.cache import Cache
from copilot.context.bodies import UNKNOWN, Bodies, Body, count_kept, ended, lead_of
from copilot.context.counting import Counter, Promise
from copilot.context.frame import marks_in
from copilot.context.tokens import TOKENIZERS, reference_encoding
from copilot.workspace.contents import blob_id
from copilot.workspace.model import SourceFile

HEAD = '<file path="app/a.py">\n'
_PIECES = st.sampled_from(
    [
        *(
            "\n",
            "\n\n",
            " ",
            "\t",
            "/",
            "//",
            "/*",
            "*/",
            "# ",
            "'",
            '"',
            "é",
            "日本",
            "\u3000",
            "\u2028",
        ),
        *("a", "Ab", "12", "<file>", "=======\n", "</file", ")", "}\n", "\r", "it's"),
    ]
)
_TEXTS = st.lists(_PIECES, max_size=12).map("".join)


def _bodies(files: Sequence[SourceFile], tokenizer: str, cache: Cache) -> list[Body]:
    counter = Counter(tokenizer)
    found = Bodies(counter, tokenizer, cache)
    keys = found.add(files)
    made = found.all()
    counter.close()
    return [made[key] for key in keys]


def _file(text: str, *, named: bool = True) -> SourceFile:
    data = text.encode()
    content = blob_id(data) if named else None
    return SourceFile("app", "a.py", blob_id(data), "tracked", data, content=content)


@pytest.mark.parametrize("tokenizer", ["o200k_base", "cl100k_base"])
@settings(max_examples=150, deadline=None)
@given(text=_TEXTS)
def test_the_lead_and_the_rest_are_the_whole(tokenizer: str, text: str) -> None:
    (body,) = _bodies([_file(text)], tokenizer, Cache())
    data = ended(text.encode())
    encoding = reference_encoding(tokenizer)
    lead = len(encoding.encode_ordinary(HEAD + lead_of(text.encode()).decode()))
    whole = len(encoding.encode_ordinary(HEAD + data.decode()))
    assert lead + body.rest_tokens == whole
    assert body.marks == marks_in(data)


def test_most_texts_need_no_lead() -> None:
    texts = ["x = 1\n", "# a\n\nb\n", "<html>\n", ""]
    assert [lead_of(text.encode()) for text in texts] == [b""] * 4


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_the_cache_tells_the_same(tmp_path: Path, tokenizer: str) -> None:
    texts = ["x = 1\n", "\n\n// y\nz\n", "", "<file-3>\n========\n", "no end"]
    files = [_file(text, named=number % 2 == 0) for number, text in enumerate(texts)]
    fresh = _bodies(files, tokenizer, Cache())
    datas, counter = [text.encode() for text in texts], Counter(tokenizer)
    counts = count_kept(datas, counter, tokenizer, Cache())
    for _ in ("made", "kept"):
        with Cache(tmp_path / "facts.sqlite3") as cache:
            assert _bodies(files, tokenizer, cache) == fresh
            assert count_kept(datas, counter, tokenizer, cache) == counts
    counter.close()


def test_many_texts_are_kept_in_runs_that_one_more_text_hardly_changes(tmp_path: Path) -> None:
    class Counting(Counter):
        asked = 0

        def begin(self, texts: Sequence[bytes], folder: Path | None = None) -> Promise[int]:
            self.asked += len(texts)
            return super().begin(texts, folder)

    texts = [f"<file path={number}>\n".encode() for number in range(1000)]
    counter = Counting("o200k_base")
    counts = [len(reference_encoding().encode_ordinary(text.decode())) for text in texts]
    with Cache(tmp_path / "facts.sqlite3") as cache:
        assert count_kept(texts, counter, "o200k_base", cache) == counts
        assert count_kept(texts, counter, "o200k_base", cache) == counts
        assert counter.asked == len(texts)
        more = [*texts[:500], b"one more", *texts[500:]]
        assert count_kept(more, counter, "o200k_base", cache)[501:] == counts[500:]
    assert counter.asked < 1.5 * len(texts)
    counter.close()


def test_what_is_known_needs_no_text_and_what_is_not_is_unknown(tmp_path: Path) -> None:
    known, unknown = _file("x = 1\n"), _file("y = 2\n")
    with Cache(tmp_path / "facts.sqlite3") as cache:
        (body,) = _bodies([known], "o200k_base", cache)
        without = [structs.replace(file, data=None, unread=True) for file in (known, unknown)]
        bodies = Bodies(Counter("o200k_base"), "o200k_base", cache)
        keys = bodies.add(without)
        assert [bodies.all()[key] for key in keys] == [body, UNKNOWN]


def test_a_text_that_was_unknown_is_counted_when_it_comes() -> None:
    file = _file("x = 1\n")
    counter = Counter("o200k_base")
    bodies = Bodies(counter, "o200k_base", Cache())
    (key,) = bodies.add([structs.replace(file, data=None, unread=True)])
    assert bodies.add([file]) == [key]
    assert bodies.all()[key] == _bodies([file], "o200k_base", Cache())[0]
    counter.close()


def test_another_process_counts_the_same_and_ends() -> None:
    texts = [text.encode() for text in ("x = 1\n", "", "no end")]
    encoding = reference_encoding("cl100k_base")
    expected = [len(encoding.encode_ordinary(text.decode())) for text in texts]
    code = (
        "from copilot.context.counting import Counter, Promise\n"
        "from copilot.context.tokens import is_loaded\n"
        "import multiprocessing, sys\n"
        f"counter = Counter('cl100k_base'); promise = counter.begin({texts!r})\n"
        "print(counter.end(promise), is_loaded('cl100k_base'), end=' ')\n"
        "counter.close(); print(multiprocessing.active_children())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{expected} False []\n"
