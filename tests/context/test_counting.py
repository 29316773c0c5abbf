from __future__ import annotations

from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest

from copilot.context.counting import counter_of, start_if_new
from copilot.context.few import keep_few
from copilot.context.tokens import is_loaded

# One that no other test loads into this process.
TOKENIZER = "llama3"


@pytest.fixture
def _ended() -> Iterator[None]:
    yield
    counter_of(TOKENIZER).close()


@pytest.mark.usefixtures("_ended")
@pytest.mark.parametrize("is_kept", [False, True])
def test_the_vocabulary_is_loaded_ahead_where_nothing_counts_without_it(
    tmp_path: Path, is_kept: bool
) -> None:
    if is_loaded(TOKENIZER):
        pytest.skip("it is in this process already")
    if is_kept:
        _keep(tmp_path)
    before = active_children()
    start_if_new(tmp_path, TOKENIZER)
    assert len(active_children()) == len(before) + (0 if is_kept else 1)


def _keep(folder: Path) -> None:
    """Keep what counts a few texts, made for another tokenizer: only its file's name matters."""
    keep_few("qwen3", folder)
    (file,) = folder.glob("*.tokens")
    file.rename(folder / file.name.replace("qwen3", TOKENIZER))
