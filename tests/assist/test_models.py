"""Which model is asked, with which key, and who may not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.assist.models import (
    DEFAULT_EMBEDDED,
    ChosenModel,
    choose_model,
    embedded_settings,
    open_backend,
)
from copilot.backends import catalogue
from copilot.backends.embedded import EmbeddedChat
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.retries import Retrying
from copilot.backends.wall import Wall
from copilot.errors import PolicyRefused, UsageError
from copilot.settings.config import Config, ModelSettings

SMALL = "qwen2.5-coder-0.5b"
BIG = ModelSettings(base_url="https://api.example.com/v1", model="big-1", api_key_env="BIG_KEY")
NEAR = ModelSettings(base_url="http://127.0.0.1:8080/v1")
CONFIG = Config(models={"big": BIG, "near": NEAR})


def test_without_any_setting_the_embedded_model_is_asked() -> None:
    chosen = choose_model(Config(), None, None, None)
    assert chosen.name == DEFAULT_EMBEDDED
    assert chosen.embedded == catalogue.find(DEFAULT_EMBEDDED)
    assert chosen.settings.window == 32_768


@pytest.mark.parametrize(
    ("config", "name", "chosen"),
    [
        (CONFIG, "big", ChosenModel("big", BIG)),
        (Config(models=CONFIG.models, model="near"), None, ChosenModel("near", NEAR)),
        (Config(models=CONFIG.models, model="near"), "big", ChosenModel("big", BIG)),
        (Config(models={SMALL: BIG}), SMALL, ChosenModel(SMALL, BIG)),
    ],
)
def test_a_model_of_the_users_own(config: Config, name: str | None, chosen: ChosenModel) -> None:
    assert choose_model(config, name, None, None) == chosen


def test_an_embedded_model_by_its_name() -> None:
    small = catalogue.find(SMALL)
    chosen = choose_model(CONFIG, SMALL, None, None)
    assert chosen == ChosenModel(SMALL, embedded_settings(small), small)


def test_an_embedded_model_with_settings_of_the_users_own() -> None:
    mine = ModelSettings(provider="embedded", model=SMALL, window=2048, temperature=0.5)
    chosen = choose_model(Config(models={"tiny": mine}), "tiny", None, None)
    assert (chosen.name, chosen.embedded) == ("tiny", catalogue.find(SMALL))
    assert (chosen.settings.window, chosen.settings.temperature) == (2048, 0.5)
    assert chosen.settings.tokenizer == "qwen3"


@pytest.mark.parametrize(("name", "shown"), [(None, "http://127.0.0.1:9/v1"), ("served", "served")])
def test_a_base_url_stands_above_all_names(name: str | None, shown: str) -> None:
    config = Config(models={"served": BIG}, model="served")
    chosen = choose_model(config, name, "http://127.0.0.1:9/v1", "KEY")
    settings = ModelSettings(base_url="http://127.0.0.1:9/v1", model=name or "", api_key_env="KEY")
    assert chosen == ChosenModel(shown, settings)


@pytest.mark.parametrize("name", ["huge", "", "BIG", "qwen"])
def test_a_name_nobody_knows(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        choose_model(Config(models=CONFIG.models, model="lost"), name or None, None, None)
    assert (name or "lost") in refused.value.message
    for known in ("big", "near", SMALL, "copilot models add"):
        assert known in refused.value.hint


@pytest.mark.parametrize(
    ("name", "base_url"), [("big", None), (None, "https://api.example.com/v1")]
)
def test_local_only_refuses_another_machine(name: str | None, base_url: str | None) -> None:
    config = Config(models=CONFIG.models, local_only=True)
    with pytest.raises(PolicyRefused, match=r"api\.example\.com"):
        choose_model(config, name, base_url, None)


@pytest.mark.parametrize(
    ("name", "base_url"), [("near", None), (SMALL, None), (None, "http://localhost:1/v1")]
)
def test_local_only_lets_this_machine_be_asked(name: str | None, base_url: str | None) -> None:
    config = Config(models=CONFIG.models, local_only=True)
    assert choose_model(config, name, base_url, None)


@pytest.mark.parametrize("base_url", ["8080", "http://[::1/v1", "https://me:pw@api.example.com/v1"])
@pytest.mark.parametrize("local_only", [True, False])
def test_what_is_no_base_url(base_url: str, local_only: bool) -> None:
    with pytest.raises(UsageError):
        choose_model(Config(local_only=local_only), None, base_url, None)


@pytest.mark.parametrize("environment", [{}, {"BIG_KEY": ""}, {"OPENAI_API_KEY": "sk-other"}])
def test_a_missing_key(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="BIG_KEY") as refused:
        open_backend(ChosenModel("big", BIG), environment, tmp_path)
    assert "export BIG_KEY" in refused.value.hint


@pytest.mark.parametrize("key_variable", ["BIG_KEY", ""])
def test_a_server_is_opened(key_variable: str, tmp_path: Path) -> None:
    settings = ModelSettings(base_url="http://127.0.0.1:9/v1", api_key_env=key_variable)
    backend = open_backend(ChosenModel("near", settings), {"BIG_KEY": "sk-1"}, tmp_path)
    assert isinstance(backend, Retrying)
    assert isinstance(backend.backend, OpenAIChat)
    backend.close()


def test_an_embedded_model_that_is_not_here(tmp_path: Path) -> None:
    chosen = choose_model(Config(), SMALL, None, None)
    with pytest.raises(UsageError, match="not on this machine") as refused:
        open_backend(chosen, {}, tmp_path)
    assert refused.value.hint == f"copilot models pull {SMALL}"


def test_an_embedded_model_is_opened_with_its_window(models_dir: Path) -> None:
    mine = ModelSettings(provider="embedded", model=SMALL, window=2048)
    chosen = ChosenModel("tiny", mine, catalogue.find(SMALL))
    backend = open_backend(chosen, {}, models_dir)
    assert isinstance(backend, EmbeddedChat)
    assert (backend.facts().model, backend.facts().window) == ("tiny", 2048)
    backend.close()


# Behind the wall


def test_local_only_lets_be_asked_what_the_user_listed() -> None:
    config = Config(models=CONFIG.models, local_only=True, local_addresses=("api.example.com",))
    chosen = choose_model(config, "big", None, None)
    assert chosen.wall == Wall(local_only=True, listed=("api.example.com",))


@pytest.mark.parametrize("provider", ["anthropic", "gemini"])
def test_local_only_refuses_a_hosted_provider(provider: str) -> None:
    models = {"big": ModelSettings(provider=provider, model="big-1")}
    with pytest.raises(PolicyRefused):
        choose_model(Config(models=models, local_only=True), "big", None, None)
    assert choose_model(Config(models=models), "big", None, None).settings == models["big"]


def test_a_provider_nobody_knows() -> None:
    with pytest.raises(UsageError, match="'gopher'"):
        choose_model(Config(models={"x": ModelSettings(provider="gopher")}), "x", None, None)


def test_the_backend_of_a_chosen_model_stands_behind_its_wall(tmp_path: Path) -> None:
    chosen = ChosenModel("big", BIG, wall=Wall(local_only=True))
    with pytest.raises(PolicyRefused):
        open_backend(chosen, {"BIG_KEY": "sk-1"}, tmp_path)


# Models made of others

TEAM = ModelSettings(provider="mixture", members=("near", SMALL), aggregator="big")


def test_an_ensemble_is_chosen_with_its_members() -> None:
    config = Config(models={**CONFIG.models, "team": TEAM})
    chosen = choose_model(config, "team", None, None)
    assert [member.name for member in chosen.members] == ["near", SMALL, "big"]
    assert chosen.all_embedded == (catalogue.find(SMALL),)


def test_local_only_holds_for_each_member() -> None:
    config = Config(models={**CONFIG.models, "team": TEAM}, local_only=True)
    with pytest.raises(PolicyRefused, match=r"api\.example\.com"):
        choose_model(config, "team", None, None)


@pytest.mark.parametrize(
    "team",
    [
        ModelSettings(provider="mixture"),
        ModelSettings(provider="mixture", members=("near", "lost")),
        ModelSettings(provider="mixture", members=("near", "team")),
        ModelSettings(provider="self", members=("near", "big")),
    ],
)
def test_what_is_no_ensemble(team: ModelSettings) -> None:
    with pytest.raises(UsageError):
        choose_model(Config(models={**CONFIG.models, "team": team}), "team", None, None)


@pytest.mark.parametrize("kind", ["mixture", "best-of"])
def test_an_ensemble_is_opened(kind: str, tmp_path: Path) -> None:
    team = ModelSettings(provider=kind, members=("near",), samples=2)
    config = Config(models={**CONFIG.models, "team": team})
    backend = open_backend(choose_model(config, "team", None, None), {}, tmp_path)
    backend.close()
