from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.settings.config import ModelSettings, load_config
from copilot.settings.write import add_model

VALUES: dict[str, str | int] = {"base_url": "http://127.0.0.1:8080/v1", "window": 32768}

COMMENTED = """\
# My settings.
budget = "200k"  # enough

[models.first]  # the small one
base_url = "http://first/v1"
# The end.
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "config.toml"


def _written(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_a_new_file_is_made_with_its_folder(file: Path) -> None:
    add_model(file, "qwen", VALUES, default=True)
    config = load_config(file, [], {})
    assert config.model == "qwen"
    assert config.models == {"qwen": ModelSettings(base_url=str(VALUES["base_url"]), window=32768)}
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_comments_and_order_stay(file: Path) -> None:
    add_model(_written(file, COMMENTED), "second", VALUES)
    assert file.read_text().startswith(COMMENTED)
    assert list(tomllib.loads(file.read_text())["models"]) == ["first", "second"]


def test_the_default_goes_above_the_tables(file: Path) -> None:
    add_model(_written(file, COMMENTED), "second", VALUES, default=True)
    config = load_config(file, [], {})
    assert (config.model, set(config.models), config.budget) == (
        *("second", {"first", "second"}),
        200_000,
    )


def test_without_default_the_default_stays(file: Path) -> None:
    add_model(_written(file, 'model = "first"\n'), "second", VALUES)
    assert load_config(file, [], {}).model == "first"


def test_a_model_of_that_name_is_replaced_as_a_whole(file: Path) -> None:
    add_model(_written(file, '[models.a]\napi_key_env = "OLD"\nwindow = 1\n'), "a", VALUES)
    assert tomllib.loads(file.read_text())["models"] == {"a": VALUES}


@pytest.mark.parametrize("name", ["a.b", "with space", 'qu"ote', "ä", "new\nline", "]x[", "#"])
def test_any_name_comes_back(file: Path, name: str) -> None:
    add_model(_written(file, COMMENTED), name, {"base_url": name}, default=True)
    config = load_config(file, [], {})
    assert (config.model, config.models[name].base_url) == (name, name)


@pytest.mark.parametrize(
    "text", ["models = {}\n", "models = 3\n", "models.a.base_url = 'x'\n"], ids=str
)
def test_a_shape_that_cannot_be_added_to_is_refused_and_stays(file: Path, text: str) -> None:
    _written(file, text)
    with pytest.raises(UsageError, match="cannot add a model"):
        add_model(file, "b", VALUES, default=True)
    assert file.read_text() == text


@pytest.mark.parametrize("data", [b"model = ", b"\xff", b"[models.a]\n[models.a]\n"])
def test_a_file_that_is_no_toml_is_refused_and_stays(file: Path, data: bytes) -> None:
    _written(file, "")
    file.write_bytes(data)
    with pytest.raises(UsageError, match="cannot read"):
        add_model(file, "a", VALUES)
    assert file.read_bytes() == data


def test_a_linked_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "copilot.toml").write_text(COMMENTED)
    file.parent.mkdir()
    file.symlink_to(tmp_path / "dotfiles" / "copilot.toml")
    add_model(file, "second", VALUES)
    assert file.is_symlink()
    assert "second" in tomllib.loads((tmp_path / "dotfiles" / "copilot.toml").read_text())["models"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match=r"cannot (read|write)"):
        add_model(tmp_path / "file" / "config.toml", "a", VALUES)
