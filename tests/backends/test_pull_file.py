from __future__ import annotations

import hashlib
import tempfile
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.backends.catalogue import EmbeddedModel, models
from copilot.backends.pull_file import PartFile, SourceFailed

DATA = hashlib.shake_256(b"toy").digest(250)
PART_BYTES = 100
PARTS = [DATA[start : start + PART_BYTES] for start in range(0, len(DATA), PART_BYTES)]
TOY: EmbeddedModel = replace(
    models()[0],
    file="toy.gguf",
    size_bytes=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
    part_bytes=PART_BYTES,
    part_sha256=tuple(hashlib.sha256(part).hexdigest() for part in PARTS),
)


@given(st.lists(st.integers(0, len(DATA)), max_size=6), st.sets(st.integers(0, 6)))
def test_any_blocks_and_any_reopening_give_the_same_file(
    cuts: list[int], reopened: set[int]
) -> None:
    edges = [0, *sorted(cuts), len(DATA)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "toy.part")
        part_file = PartFile(path, TOY)
        for step, (start, end) in enumerate(pairwise(edges)):
            part_file.write(DATA[start:end])
            assert part_file.offset == end
            if step in reopened:
                part_file.close()
                part_file = PartFile(path, TOY)
        with closing(part_file):
            assert part_file.finished_parts == len(PARTS)
            part_file.commit(Path(folder, "toy.gguf"))
        assert Path(folder, "toy.gguf").read_bytes() == DATA
        assert not path.exists()


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_wrong_byte_costs_its_part_and_nothing_before_it(place: int, change: int) -> None:
    wrong = bytearray(DATA)
    wrong[place] ^= change
    proven = place - place % PART_BYTES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "toy.part")
        with closing(PartFile(path, TOY)) as part_file:
            with pytest.raises(SourceFailed, match="wrong SHA-256"):
                part_file.write(bytes(wrong))
            assert part_file.offset == proven
        path.write_bytes(wrong)
        with closing(PartFile(path, TOY)) as part_file:
            assert part_file.offset == proven
            part_file.write(DATA[proven:])
            assert part_file.finished_parts == len(PARTS)


def test_an_unproven_piece_is_kept_and_can_be_dropped(tmp_path: Path) -> None:
    path = tmp_path / "toy.part"
    path.write_bytes(DATA[:130])
    with closing(PartFile(path, TOY)) as part_file:
        assert (part_file.offset, part_file.finished_parts) == (130, 1)
        part_file.rewind()
        assert part_file.offset == 100
    assert path.read_bytes() == DATA[:100]


def test_more_than_the_model_is_refused(tmp_path: Path) -> None:
    with closing(PartFile(tmp_path / "toy.part", TOY)) as part_file:
        with pytest.raises(SourceFailed, match="more than the expected 250 bytes"):
            part_file.write(DATA + b"!")
        assert part_file.offset == len(DATA)


def test_what_lies_behind_the_model_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "toy.part").write_bytes(DATA + b"!")
    with closing(PartFile(tmp_path / "toy.part", TOY)) as part_file:
        part_file.commit(tmp_path / "toy.gguf")
    assert (tmp_path / "toy.gguf").read_bytes() == DATA


def test_the_whole_file_is_proven_too(tmp_path: Path) -> None:
    other = replace(TOY, sha256="0" * 64)
    with closing(PartFile(tmp_path / "toy.part", other)) as part_file:
        part_file.write(DATA)
        with pytest.raises(SourceFailed, match="wrong SHA-256"):
            part_file.commit(tmp_path / "toy.gguf")
    assert list(tmp_path.iterdir()) == []
