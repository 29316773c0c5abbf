"""`copilot config` and `copilot doctor`: what is in force, and what works here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]


@pytest.fixture
def config(empty_home: Path) -> Path:
    file = empty_home / ".config" / "repo-copilot" / "config.toml"
    file.parent.mkdir(parents=True)
    return file


def test_each_setting_with_its_origin(
    copilot: Copilot, make_repository: Callable[..., Path], config: Path
) -> None:
    config.write_text('budget = "1M"\nmodel = "big"\nexclude = ["docs/"]\n')
    root = make_repository({".copilot.toml": 'budget = 2000\nexclude = ["*.svg"]\n'})
    options = ("--exclude", "*.md", "--json")
    environment = {"COPILOT_MODEL": "other\x1b"}
    done = copilot("config", *options, cwd=root, environment=environment)
    settings = json.loads(done.stdout)
    assert settings["budget"] == {"value": 2000, "origin": str(root / ".copilot.toml")}
    assert settings["model"] == {"value": "other\x1b", "origin": "environment"}
    assert settings["exclude"]["value"] == ["docs/", "*.svg", "*.md"]
    assert settings["local_only"] == {"value": False, "origin": "default"}
    shown = copilot("config", cwd=root, environment=environment)
    assert "other\\x1b" in shown.stdout
    assert str(config) in shown.stderr


def test_another_file_instead_of_the_users(copilot: Copilot, config: Path, tmp_path: Path) -> None:
    config.write_text("budget = 1\n")
    (tmp_path / "other.toml").write_text("budget = 2\n")
    done = copilot("config", "--config", "other.toml", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["budget"]["value"] == 2


@pytest.mark.parametrize("text", ["budget = [", "[models.x]\nkey = 'sk-1'"])
def test_a_broken_configuration(fails: Fails, config: Path, text: str) -> None:
    config.write_text(text)
    said = fails(2, "config")
    assert str(config) in said
    assert "sk-1" not in said


def test_doctor_on_a_machine_where_all_is_well(copilot: Copilot, config: Path) -> None:
    config.write_text('[models.big]\nbase_url = "http://127.0.0.1:1/v1"\n')
    done = copilot("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 0
    assert all(finding["works"] for finding in findings.values() if finding["needed"])
    assert {"git", "tokenizers", "configuration", "state folder", "journal"} <= set(findings)
    assert "1 model of your own" in findings["configuration"]["said"]


def test_doctor_on_a_broken_machine(copilot: Copilot, config: Path, empty_home: Path) -> None:
    config.write_text("budget = [")
    (empty_home / ".local").write_text("no folder")
    done = copilot("doctor", environment={"PATH": str(empty_home)})
    assert done.returncode == 1
    bad = {line[4:20].strip() for line in done.stdout.splitlines() if line.startswith("BAD")}
    assert bad == {"git", "configuration", "state folder", "journal"}
