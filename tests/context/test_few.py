"""A few texts are counted as the whole vocabulary counts them, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import copilot
from copilot.context.few import FewTokens, keep_few, load_few
from copilot.context.tokens import TOKENIZERS, count_tokens

Load = Callable[[str], FewTokens]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    folder = tmp_path_factory.mktemp("few")
    for tokenizer in TOKENIZERS:
        keep_few(tokenizer, folder)

    def loaded(tokenizer: str) -> FewTokens:
        found = load_few(tokenizer, folder)
        assert found
        return found

    return loaded


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_our_source_is_counted_file_by_file(load: Load, tokenizer: str) -> None:
    sources = sorted(Path(copilot.__file__).parent.rglob("*.py"))[::8]
    texts = [text for source in sources if (text := source.read_bytes()).isascii()]
    assert len(texts) > 20
    found = [load(tokenizer).count([text]) for text in texts]
    assert found == [[count] for count in count_tokens(texts, tokenizer)]


_SIGNS = st.sampled_from("…aAbsSdtmlLvVerR''\"/\\ _-=.\n\r\t\x0b\x0c\x1c\x1f\x7f\x000123456789")


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@settings(deadline=None, max_examples=300)
@given(text=st.text(_SIGNS, max_size=60) | st.text(st.characters(max_codepoint=127)))
def test_any_ascii_and_the_sign_of_outlines_are_counted_the_same(
    load: Load, tokenizer: str, text: str
) -> None:
    assert load(tokenizer).count([text.encode()]) == count_tokens([text], tokenizer)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n   \n",
        " \t\n  x  ",
        "DON'T 'LL it's 'Ve x'RE",
        "// /\n/a\n\n/b \n///",
        "=" * 120 + "\n" + "-" * 79,
        " " * 150 + "x" + " " * 150,
        "0123456789" * 50,
        "supercalifragilisticexpialidocious camelCaseURLsAndIDs " * 3,
        "<|endoftext|><|im_start|>system",
        "\x0b\x0c\x1c\x1d\x1e\x1f\x7f\x00\x01",
        "def one(x): …\n    … 12 lines\n# … 1 line…x ……(…'s…\n\n…/\n",
    ],
)
def test_odd_texts_are_counted_the_same(load: Load, tokenizer: str, text: str) -> None:
    assert load(tokenizer).count([text.encode()]) == count_tokens([text], tokenizer)


def test_what_is_not_ascii_or_too_much_is_left_to_others(load: Load) -> None:
    few = load("o200k_base")
    assert few.count([b"plain", "é".encode()]) is None
    assert few.count(["…é".encode()]) is None
    assert few.count(["…".encode()[:2], b"\xff"]) is None
    assert few.count([b"a" * 1000]) is None
    assert few.count([b"word " * 40_000]) == [40_001]
    assert few.count([b"word " * 60_000]) is None


def test_what_is_damaged_is_as_if_it_was_not_there(tmp_path: Path) -> None:
    assert load_few("cl100k_base", tmp_path) is None
    keep_few("cl100k_base", tmp_path)
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    file.write_bytes(data[:500] + b"?" + data[501:])
    assert load_few("cl100k_base", tmp_path) is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep_few("cl100k_base", tmp_path / "file" / "folder")
    assert load_few("cl100k_base", tmp_path / "file" / "folder") is None
