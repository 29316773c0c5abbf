"""A session with a real model: what was read once is not read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.backends.protocol import Event, Reading
from copilot.cli.options import Where, Whom
from copilot.cli.session_engine import Engine
from copilot.cli.setup import set_up

_CODE = "def area(width, height):\n    return width * height\n\n\n"


@pytest.mark.xdist_group("llama")
def test_the_server_reads_only_what_is_new(
    make_repository: Callable[..., Path], llama_server: str, empty_home: Path
) -> None:
    root = make_repository({"shapes.py": _CODE * 20, "notes.md": "# Shapes\n"}, "app")
    folder = empty_home / ".config/repo-copilot"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        f'[models.small]\nbase_url = "{llama_server}"\nmodel = "qwen2.5-coder-0.5b"\n'
        'tokenizer = "qwen3"\nmax_reply_tokens = 24\n'
    )
    engine = Engine(set_up(Where((str(root),))), Whom("small"))
    try:
        events: list[Event] = []
        first = engine.ask("What does area return?", events.append)
        assert first.usage is not None, first.answer
        assert any(isinstance(event, Reading) for event in events)
        (root / "notes.md").write_text("# Other shapes\n")
        second = engine.ask("And what are its arguments?", lambda _event: None)
        assert second.usage is not None, second.answer
        assert second.usage.cached is not None
        # All of the first request, and the answer but for its last tokens.
        assert second.usage.cached >= first.usage.prompt - 8
        assert second.usage.prompt - second.usage.cached < 250
    finally:
        engine.close()
