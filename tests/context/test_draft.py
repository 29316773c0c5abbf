from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.context.draft import Draft, dropped, gone
from copilot.context.entries import Shape
from copilot.context.model import Frame
from copilot.context.tokens import DEFAULT_TOKENIZER, load, reference_encoding
from copilot.workspace.contents import blob_id
from copilot.workspace.model import SourceFile

FRAME = Frame()
_PIECES = st.sampled_from(
    ["\n", " ", "/", "// x", "é", "日本", "a", "12", "=======\n", "<file", "'s"]
)
_TEXTS = st.dictionaries(
    st.sampled_from(["a.py", "b c.py", "ü.txt", "d/e.txt"]),
    st.lists(_PIECES, max_size=8).map("".join),
)


@pytest.fixture(scope="module")
def draft() -> Iterator[Draft]:
    load(DEFAULT_TOKENIZER)
    made = Draft()
    yield made
    made.close()


def _files(texts: Mapping[str, str]) -> list[SourceFile]:
    return [
        SourceFile("app", path, blob_id(data), "tracked", data, content=blob_id(data))
        for path, data in ((path, text.encode()) for path, text in texts.items())
    ]


@settings(deadline=None)
@given(texts=_TEXTS, shape=st.sampled_from([Shape.FULL, Shape.OUTLINE]), marked=st.booleans())
def test_entries_are_what_their_bytes_are(
    draft: Draft, texts: dict[str, str], shape: Shape, marked: bool
) -> None:
    copies = [*draft.copies(_files(texts), shape), gone("app/gone.py")]
    laid = draft.lay(copies, FRAME)
    if marked:
        laid = draft.with_marks(laid, ("one", "two", "three"), FRAME)
    data = [b"".join(pieces) for _, pieces in laid]
    assert [entry.size for entry, _ in laid] == [len(one) for one in data]
    assert [one[: entry.head].count(b"\n") for (entry, _), one in zip(laid, data, strict=True)] == (
        [1] * len(laid)
    )
    whole = len(reference_encoding().encode_ordinary(b"".join(data).decode()))
    assert sum(entry.tokens for entry, _ in laid) == whole


def test_copies_say_what_they_were_made_from(draft: Draft) -> None:
    (file,) = _files({"a.py": "a = 1\n"})
    (copy,) = draft.copies([file])
    assert (copy.file, copy.shape, copy.source) == (file, Shape.FULL, file.content)
    less = dropped(copy)
    assert (less.file.data, less.file.is_text, less.key) == (None, True, copy.key)
    assert draft.tokens([less], FRAME) == draft.tokens([copy], FRAME)


def test_a_tombstone_names_what_is_gone(draft: Draft) -> None:
    ((entry, pieces),) = draft.lay([gone("app/dir/a b.py")], FRAME)
    assert pieces == (b'<file path="app/dir/a b.py" detail="deleted"/>\n',)
    assert (entry.path, entry.shape, entry.blob) == (b"app/dir/a b.py", Shape.DELETED, None)


def test_a_frame_is_in_no_text_and_no_name() -> None:
    draft = Draft()
    draft.copies(_files({"a.html": "</file>\n", "b.txt": "=======\n"}))
    frame = draft.frame(["app/<file-2>"])
    assert frame == Frame("file-3", 8)
    assert draft.fits(frame, ["app/<file-2>"])
    assert not draft.fits(Frame("file", 8), [])
    assert not draft.fits(Frame("file-3", 7), [])
    assert not draft.fits(frame, ["app/</file-3>"])
    assert draft.fits(frame, ["app/\udcff"])
    draft.close()


@pytest.mark.parametrize(
    ("sizes", "before"), [([], 0), ([5], 1), ([1, 1, 1, 1], 2), ([9, 1, 1], 1), ([1, 1, 9], 3)]
)
def test_one_mark_stands_first_and_one_amid(draft: Draft, sizes: list[int], before: int) -> None:
    texts = {f"{number}.txt": "word " * 50 * size for number, size in enumerate(sizes)}
    laid = draft.lay(draft.copies(_files(texts)), FRAME)
    marked = draft.with_marks(laid, ("one", "two", "three"), FRAME)
    shapes = [entry.shape for entry, _ in marked]
    files = len(sizes) - before
    middle = [Shape.MARK, *[Shape.FULL] * before, Shape.MARK, *[Shape.FULL] * files]
    assert shapes == middle
    assert [entry.source for entry, _ in marked if not entry.path] == ["one", "two"]
    assert marked[0][1] == (b"<file-mark one>\n",)


def test_what_is_not_known_says_so(draft: Draft) -> None:
    known, unknown = _files({"a.py": "known here\n", "b.py": "not known here\n"})
    draft.copies([known])
    draft.finish()
    assert draft.known([known, unknown]) == [True, False]
