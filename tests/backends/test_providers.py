"""From settings to backends: the providers known, further ones installed, and the wall."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot.backends.anthropic import AnthropicChat
from copilot.backends.gemini import GeminiChat
from copilot.backends.ollama import OllamaChat
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.providers import base_url_of, check_provider, open_provider
from copilot.backends.replay import ReplayChat
from copilot.backends.wall import OPEN, Wall
from copilot.errors import PolicyRefused, UsageError
from copilot.settings.config import ModelSettings

LOCAL = Wall(local_only=True)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (ModelSettings(base_url="http://127.0.0.1:9/v1"), OpenAIChat),
        (ModelSettings(provider="anthropic", model="big"), AnthropicChat),
        (ModelSettings(provider="gemini", model="big"), GeminiChat),
        (ModelSettings(provider="ollama", model="big"), OllamaChat),
    ],
)
def test_each_provider_is_opened(settings: ModelSettings, kind: type) -> None:
    backend = open_provider(settings, "sk-1", OPEN)
    assert isinstance(backend, kind)
    backend.close()


def test_a_recording_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("")
    settings = ModelSettings(provider="replay", recording=str(path))
    assert isinstance(open_provider(settings, None, LOCAL), ReplayChat)
    with pytest.raises(UsageError, match="needs a recording"):
        open_provider(ModelSettings(provider="replay"), None, LOCAL)


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("anthropic", "https://api.anthropic.com"),
        ("gemini", "https://generativelanguage.googleapis.com/v1beta"),
        ("ollama", "http://127.0.0.1:11434"),
        ("openai", ""),
        ("replay", ""),
    ],
)
def test_where_a_provider_is_unless_told(provider: str, url: str) -> None:
    assert base_url_of(ModelSettings(provider=provider)) == url
    own = ModelSettings(provider=provider, base_url="http://127.0.0.1:9")
    assert base_url_of(own) == "http://127.0.0.1:9"


@pytest.mark.parametrize("provider", ["anthropic", "gemini"])
def test_under_local_only_no_hosted_provider_is_opened(provider: str) -> None:
    settings = ModelSettings(provider=provider, model="big")
    for refuse in (check_provider, lambda s, wall: open_provider(s, "sk-1", wall)):
        with pytest.raises(PolicyRefused, match="local_only"):
            refuse(settings, LOCAL)


def test_under_local_only_this_machine_is() -> None:
    check_provider(ModelSettings(provider="ollama", model="big"), LOCAL)


def test_a_server_without_a_url() -> None:
    with pytest.raises(UsageError, match="not a base URL"):
        check_provider(ModelSettings(), OPEN)


def test_a_provider_nobody_knows() -> None:
    with pytest.raises(UsageError, match="'gopher'") as refused:
        check_provider(ModelSettings(provider="gopher"), OPEN)
    for known in ("openai", "anthropic", "gemini", "ollama", "replay", "embedded"):
        assert known in refused.value.hint


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package that offers the provider `parrot`."""
    (tmp_path / "parrot_backend.py").write_text(
        "from pathlib import Path\n"
        "from copilot.backends.replay import ReplayChat\n"
        "def open_parrot(settings, key):\n"
        "    assert key == 'sk-1'\n"
        "    return ReplayChat(Path(settings.recording))\n"
    )
    folder = tmp_path / "parrot-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        "[repo_copilot.backends]\nparrot = parrot_backend:open_parrot\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("parrot_backend", None)


@pytest.mark.usefixtures("installed")
def test_an_installed_provider_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"model": "polly"}')
    settings = ModelSettings(provider="parrot", recording=str(path))
    assert open_provider(settings, "sk-1", OPEN).facts().model == "polly"


@pytest.mark.usefixtures("installed")
def test_but_not_behind_the_wall() -> None:
    with pytest.raises(PolicyRefused, match="parrot opens connections of its own"):
        open_provider(ModelSettings(provider="parrot"), "sk-1", LOCAL)
