from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.backends.catalogue import EmbeddedModel, models
from copilot.backends.pull import local_path, pull
from copilot.errors import ModelUnreachable, UsageError, WriteFailed

DATA = b"the whole model"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> EmbeddedModel:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    digest = hashlib.sha256(DATA).hexdigest()
    return replace(
        models()[0],
        name="toy",
        file="toy.gguf",
        size_bytes=len(DATA),
        sha256=digest,
        hub_url="http://127.0.0.1:1/toy.gguf",
        part_bytes=len(DATA),
        part_sha256=(digest,),
    )


def ignore(done: int, total: int, label: str) -> None:
    pass


def test_a_file_of_the_right_size_is_not_fetched(tmp_path: Path, toy: EmbeddedModel) -> None:
    assert local_path(toy, tmp_path) is None
    (tmp_path / "toy.gguf").write_bytes(DATA[::-1])
    assert local_path(toy, tmp_path) == tmp_path / "toy.gguf"
    assert pull(toy, tmp_path, progress=ignore) == tmp_path / "toy.gguf"
    assert [path.name for path in tmp_path.iterdir()] == ["toy.gguf"]


def test_a_file_of_another_size_does_not_count(tmp_path: Path, toy: EmbeddedModel) -> None:
    (tmp_path / "toy.gguf").write_bytes(DATA[:-1])
    assert local_path(toy, tmp_path) is None


def test_verify_takes_the_right_bytes_only(tmp_path: Path, toy: EmbeddedModel) -> None:
    (tmp_path / "toy.gguf").write_bytes(DATA)
    assert pull(toy, tmp_path, progress=ignore, verify=True) == tmp_path / "toy.gguf"
    (tmp_path / "toy.gguf").write_bytes(DATA[::-1])
    with pytest.raises(ModelUnreachable):
        pull(toy, tmp_path, progress=ignore, sources=("hub",), verify=True)


def test_a_whole_part_file_needs_no_source(tmp_path: Path, toy: EmbeddedModel) -> None:
    (tmp_path / "toy.gguf.part").write_bytes(DATA)
    path = pull(toy, tmp_path, progress=ignore, sources=("hub",))
    assert path.read_bytes() == DATA


def test_no_source_left_tells_why_and_what_to_do(tmp_path: Path, toy: EmbeddedModel) -> None:
    with pytest.raises(ModelUnreachable) as caught:
        pull(toy, tmp_path, progress=ignore, sources=("hub",))
    assert "hub: " in caught.value.message
    assert "refused" in caught.value.message
    assert "\n" not in caught.value.message
    assert "toy.gguf" in caught.value.hint
    assert not (tmp_path / "toy.gguf.part").exists()


def test_an_unknown_source_is_wrong_usage(tmp_path: Path, toy: EmbeddedModel) -> None:
    with pytest.raises(UsageError) as caught:
        pull(toy, tmp_path, progress=ignore, sources=("hub", "torrent"))
    assert "torrent" in caught.value.message
    assert caught.value.hint == "there are hub, index"


def test_a_full_disk_is_seen_before_anything_is_fetched(tmp_path: Path, toy: EmbeddedModel) -> None:
    huge = replace(toy, size_bytes=10**18, part_bytes=10**18)
    with pytest.raises(UsageError, match=r"[\d,]{8,} MB needed, [\d,]+ MB free"):
        pull(huge, tmp_path, progress=ignore)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, toy: EmbeddedModel) -> None:
    (tmp_path / "models").write_bytes(b"a file")
    with pytest.raises(WriteFailed, match="toy could not be written to") as caught:
        pull(toy, tmp_path / "models", progress=ignore)
    assert caught.value.hint
