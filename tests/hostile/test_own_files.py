"""Files by which a repository speaks to copilot itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeRepository = Callable[..., Path]
Pack = Callable[..., Any]
Sink = Callable[..., Any]

REFUSED = {
    "model": 'model = "evil"',
    "endpoint": '[models.evil]\nbase_url = "http://127.0.0.1:9/v1"\napi_key_env = "MY_KEY"',
    "endpoint of the user's model": '[models.mine]\nbase_url = "http://127.0.0.1:9/v1"',
    "remotes": 'remotes.gh = "ext::sh -c x {path}"',
    "folder of models": 'models_dir = "/etc"',
    "command to check with": 'check = "sh -c x"',
    "spelt otherwise": '"mod\\u0065l" = "evil"',
}
WRONG = {
    "yes": "yes = true",
    "key": 'api_key = "sk-evil"',
    "headers": 'headers = {Authorization = "evil"}',
    "environment": 'env = {GIT_SSH_COMMAND = "evil"}',
    "plugins": 'plugins = ["evil.py"]',
    "hooks": 'hooks = {start = "evil"}',
    "prompts": 'prompts = "evil"',
    "escape": '"\\u001b]0;title\\u0007" = 1',
    "type": 'exclude = "all of it"',
    "deep": f"a = {'[' * 5000}{']' * 5000}",
    "dotted": f"{'.'.join('a' * 100_000)} = 1",
    "long": f"# {'x' * 2_000_000}",
    "many patterns": "exclude = [" + '"a*b",' * 2000 + "]",
    "exponential pattern": f'exclude = ["{"**/a/" * 30}b"]',
    "stars": f'exclude = ["{"*a" * 30}"]',
    "no pattern": 'include = ["[a"]',
    "no text": "\udcff",
    "negative budget": "budget = -1",
    "budget of words": 'budget = "lots"',
}


def _in_pyproject(text: str) -> str:
    """Return the same settings below `[tool.copilot]`."""
    return f"[tool.copilot]\n{text}".replace("[models", "[tool.copilot.models")


@pytest.mark.parametrize("place", [".copilot.toml", "pyproject.toml"])
def test_what_only_the_user_may_set_is_refused(
    pack: Pack, make_repository: MakeRepository, place: str
) -> None:
    root = make_repository({"a.txt": "a\n"})
    for case, text in REFUSED.items():
        (root / place).write_text(_in_pyproject(text) if place == "pyproject.toml" else text)
        seen = pack(root)
        assert (seen.code, seen.stdout, seen.manifest) == (6, "", {}), case
        assert f"{root / place} sets " in seen.stderr
        assert "which a repository may not" in seen.stderr


def test_what_makes_no_sense_is_an_error(pack: Pack, make_repository: MakeRepository) -> None:
    root = make_repository({"a.txt": "a\n", "a" * 200: "a\n"})
    for case, text in WRONG.items():
        (root / ".copilot.toml").write_bytes(os.fsencode(text))
        seen = pack(root)
        assert (seen.code, seen.stdout, seen.manifest) == (2, "", {}), case
        assert len(seen.stderr.splitlines()) == 2, case


def test_a_sparse_configuration_of_gigabytes(pack: Pack, make_repository: MakeRepository) -> None:
    root = make_repository({"a.txt": "a\n"})
    for name in (".copilot.toml", "pyproject.toml"):
        (root / name).touch()
        os.truncate(root / name, 10 << 30)
        seen = pack(root)
        assert (seen.code, seen.stdout) == (2, "")
        assert f"{root / name} is larger than 1,024 KiB" in seen.stderr
        (root / name).unlink()


def test_another_tools_file_may_be_as_odd_as_it_likes(
    pack: Pack, make_repository: MakeRepository
) -> None:
    root = make_repository({"a.txt": "a\n"})
    for text in (f"{'.'.join('a' * 100_000)} = 1", "[tool.other", "\udcff", "[tool]\nx = 1"):
        (root / "pyproject.toml").write_bytes(os.fsencode(text))
        assert pack(root).code == 0


@pytest.mark.parametrize("name", [".copilot.toml", "pyproject.toml"])
def test_a_linked_configuration_is_not_followed(
    pack: Pack, make_repository: MakeRepository, outside: Path, name: str
) -> None:
    (outside / "own.toml").write_text('exclude = ["*"]\n[tool.copilot]\nexclude = ["*"]\n')
    root = make_repository({"a.txt": "a\n"})
    (root / name).symlink_to(outside / "own.toml")
    seen = pack(root)
    if name == ".copilot.toml":
        # It may have been meant to keep something out, so it must not get lost.
        assert (seen.code, seen.stdout) == (2, "")
        assert f"{root / name} is a symbolic link, not followed" in seen.stderr
    else:
        assert (seen.code, seen.texts) == (0, {"a.txt": "a\n"})


@pytest.mark.parametrize("name", [".copilot.toml", "pyproject.toml", ".env"])
def test_a_pipe_for_a_configuration_is_not_waited_for(
    pack: Pack, make_repository: MakeRepository, name: str
) -> None:
    root = make_repository({"a.txt": "a\n"})
    os.mkfifo(root / name)
    seen = pack(root)
    assert seen.code == 0
    assert seen.texts == {"a.txt": "a\n"}
    assert set(seen.files) == {"a.txt", name}


ENV = """COPILOT_MODEL=evil
COPILOT_BUDGET=1
COPILOT_LOCAL_ONLY=0
COPILOT_MODELS_DIR=/etc
OPENAI_API_KEY=sk-evil
OPENAI_BASE_URL=http://127.0.0.1:9/v1
HTTPS_PROXY=http://127.0.0.1:9
SSL_CERT_FILE=/etc/passwd
GIT_SSH_COMMAND=evil
PYTHONPATH=.
"""


def test_env_files_set_nothing_and_are_not_sent(
    pack: Pack, make_repository: MakeRepository
) -> None:
    names = (".env", ".env.local", "src/.env", "production.env")
    root = make_repository({"a.txt": "a\n", **dict.fromkeys(names, ENV)})
    seen = pack(root)
    secret = "secret: its name says it holds keys or passwords"
    assert (seen.code, seen.files) == (0, {"a.txt": "tracked", **dict.fromkeys(names, secret)})
    assert seen.texts == {"a.txt": "a\n"}
    assert seen.manifest["budget"] == 1_000_000


def test_own_ignore_rules_that_are_no_file(pack: Pack, make_repository: MakeRepository) -> None:
    root = make_repository({"a.txt": "a\n", ".copilotignore/b.txt": "*\n"})
    seen = pack(root)
    assert (seen.code, seen.texts) == (0, {"a.txt": "a\n", ".copilotignore/b.txt": "*\n"})


RULES = b"\0*.txt\n\xff\n[a\n!\n/\n[z-a]\n\\\n" + b"*a" * 12 + b"c\n" + b"x" * 100_000 + b"\n"


def test_ignore_rules_that_match_nothing(pack: Pack, make_repository: MakeRepository) -> None:
    names = ("a.txt", "a" * 60)
    root = make_repository(dict.fromkeys(names, "a\n"))
    for name in (".gitignore", ".copilotignore", ".gitattributes"):
        (root / name).write_bytes(RULES)
    seen = pack(root)
    assert seen.code == 0
    assert seen.texts.keys() >= set(names)
