from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from copilot.settings.paths import StatePaths, state_paths


def test_every_folder_is_the_users_and_none_is_made(empty_home: Path) -> None:
    paths = state_paths()
    named = [getattr(paths, field.name) for field in fields(StatePaths)]
    derived = [paths.config_file, paths.prompts, paths.journals, paths.runs_file, paths.reports]
    everything = [*named, *derived, paths.replies, paths.models, paths.repositories]
    assert len(set(everything)) == len(everything)
    assert all(path.is_relative_to(empty_home) for path in everything)
    assert list(empty_home.iterdir()) == []


@pytest.mark.skipif("sys.platform != 'linux'", reason="XDG is Linux's")
def test_xdg_moves_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    paths = state_paths()
    assert paths.config_file == tmp_path / "CONFIG" / "repo-copilot" / "config.toml"
    assert paths.runs_file == tmp_path / "STATE" / "repo-copilot" / "runs.sqlite3"
    assert paths.models == tmp_path / "DATA" / "repo-copilot" / "models"
    assert paths.repositories == tmp_path / "CACHE" / "repo-copilot" / "repositories"
