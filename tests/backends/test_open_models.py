from __future__ import annotations

import re

import pytest

from copilot.backends import catalogue
from copilot.backends.open_models import OpenModel, find_open, open_models, usual_cards
from copilot.backends.plan import WEIGHT_BITS
from copilot.backends.planned import card_size
from copilot.errors import UsageError


def test_it_holds_the_embedded_models_and_those_of_note() -> None:
    names = {model.name for model in open_models()}
    assert {model.name for model in catalogue.models()} <= names
    assert {
        "llama-3-8b-gradient-1048k",
        "llama-3-70b-gradient-1048k",
        "qwen2.5-7b-1m",
        "qwen2.5-14b-1m",
        "llama-3.1-405b",
        "qwen3-coder-480b-a35b",
        "deepseek-v3",
    } <= names
    assert len(names) == len(open_models())


@pytest.mark.parametrize("model", open_models(), ids=lambda model: model.name)
def test_facts_are_well_formed(model: OpenModel) -> None:
    assert model.source.startswith("https://huggingface.co/")
    assert model.hub_id in model.source
    assert model.weights in WEIGHT_BITS
    assert model.license
    assert bool(model.scaling) == (0 < model.plain_window < model.window)
    assert not model.gguf or re.fullmatch(r"[\w.-]+/[\w.-]+/[\w.-]+\.gguf", model.gguf)


def test_a_model_is_found_by_its_name_or_its_id_in_any_case() -> None:
    by_id = find_open("QWEN/qwen3-coder-30b-a3b-instruct")
    assert by_id is find_open("Qwen3-Coder-30B-A3B")


def test_an_unknown_name_gets_the_near_ones() -> None:
    with pytest.raises(UsageError) as caught:
        find_open("llama-3.1-7b\x1b")
    assert "llama-3.1-70b" in caught.value.hint
    assert "\x1b" not in caught.value.message


def test_usual_cards_are_sizes() -> None:
    assert [card_size(card) for card in usual_cards()] == sorted(map(card_size, usual_cards()))
