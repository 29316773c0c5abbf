from __future__ import annotations

import string

import pytest

from copilot.backends import catalogue
from copilot.errors import UsageError


def test_names_the_two_models_with_the_recommended_one_first() -> None:
    names = [model.name for model in catalogue.models()]
    assert names == ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"]


@pytest.mark.parametrize("model", catalogue.models(), ids=lambda model: model.name)
def test_parts_cover_the_whole_file(model: catalogue.EmbeddedModel) -> None:
    ends = [model.part_end(number) for number in range(model.part_count + 1)]
    assert ends == sorted(set(ends))
    assert (ends[0], ends[-1]) == (0, model.size_bytes)


@pytest.mark.parametrize("model", catalogue.models(), ids=lambda model: model.name)
def test_facts_are_well_formed(model: catalogue.EmbeddedModel) -> None:
    digests = (model.sha256, *model.part_sha256)
    assert all(len(digest) == 64 and set(digest) <= set(string.hexdigits) for digest in digests)
    assert len(set(digests)) == len(digests)
    assert model.hub_url.startswith("https://")
    assert model.hub_url.endswith(f"/{model.file}")
    assert model.package.format(number=7).endswith("-part7")
    assert (model.license, model.window_tokens) == ("Apache-2.0", 32_768)


def test_finds_a_model_by_its_name() -> None:
    model = catalogue.find("qwen2.5-coder-0.5b")
    assert (model.size_bytes, model.part_count) == (491_400_064, 6)


def test_an_unknown_name_gets_the_near_ones() -> None:
    with pytest.raises(UsageError) as caught:
        catalogue.find("Qwen2.5-coder-1.5")
    assert "qwen2.5-coder-1.5b" in caught.value.hint


def test_a_name_near_nothing_gets_all_of_them() -> None:
    with pytest.raises(UsageError) as caught:
        catalogue.find("\x1b[2J")
    assert "\x1b" not in caught.value.message
    assert all(model.name in caught.value.hint for model in catalogue.models())
