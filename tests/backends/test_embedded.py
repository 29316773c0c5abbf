"""The engine inside this process: a real small model, and what happens where there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.backends import catalogue
from copilot.backends.embedded import EmbeddedChat, serve_model
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Delta, Finished, Message, ModelFacts, Request
from copilot.backends.pull import local_path
from copilot.errors import ModelRefused, ModelUnreachable, UsageError

WINDOW = 512
YES_OR_NO = Request((Message("user", "Is water wet?"),), 5, 0.0, 'root ::= "yes" | "no"')


@pytest.fixture(scope="session")
def model_file(models_dir: Path) -> Path:
    path = local_path(catalogue.find("qwen2.5-coder-0.5b"), models_dir)
    assert path is not None
    return path


def test_facts_need_no_engine(tmp_path: Path) -> None:
    chat = EmbeddedChat("small", tmp_path / "missing.gguf", WINDOW)
    assert chat.facts() == ModelFacts("small", WINDOW, grammar="llama.cpp")
    chat.close()


@pytest.mark.xdist_group("llama")
def test_it_answers_by_the_grammar_and_can_be_closed_twice(model_file: Path) -> None:
    chat = EmbeddedChat("small", model_file, WINDOW)
    events = list(chat.ask(YES_OR_NO))
    chat.close()
    chat.close()
    assert "".join(e.text for e in events if isinstance(e, Delta)) in {"yes", "no"}
    assert isinstance(events[-1], Finished)
    assert events[-1].usage is not None


@pytest.mark.xdist_group("llama")
def test_only_who_has_the_key_may_ask(model_file: Path, connect: Callable[..., OpenAIChat]) -> None:
    served = serve_model("small", model_file, WINDOW, api_key="sesame")
    assert served.base_url.startswith("http://127.0.0.1:")
    for key in (None, "guess"):
        with pytest.raises(ModelRefused, match="401"):
            list(connect(served.base_url, "small", key).ask(YES_OR_NO))
    assert list(connect(served.base_url, "small", "sesame").ask(YES_OR_NO))


@pytest.mark.parametrize("data", [None, b"", b"no model at all"])
def test_a_file_that_is_no_model(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "model.gguf"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ModelUnreachable, match="cannot start") as refused:
        serve_model("small", path, WINDOW)
    assert "pull small --verify" in refused.value.hint


def test_without_the_engine_the_way_to_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    chat = EmbeddedChat("small", tmp_path / "model.gguf", WINDOW)
    with pytest.raises(UsageError, match="not installed") as refused:
        list(chat.ask(YES_OR_NO))
    assert "repo-copilot[embedded]" in refused.value.hint
