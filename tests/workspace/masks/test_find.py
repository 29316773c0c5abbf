from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.workspace.masks.find import find_secrets
from copilot.workspace.masks.placeholders import PLACEHOLDER, mask_text
from copilot.workspace.masks.shapes import TOKENS

Case = tuple[str, str, tuple[str, ...]]
KEY = bytes(range(32))
PASSWORD = "k" + "Xw7!tQ2z-Rb9"
# They judge by names and entropy, or find what is no secret.
NOT_SHAPES = {"keyword", "high_entropy_strings", "ip_public", "base"}


def _values(path: str, text: str) -> tuple[str, ...]:
    return tuple(text[span.start : span.end] for span in find_secrets(path, text))


def _masked(path: str, text: str) -> str:
    return mask_text(text, find_secrets(path, text), KEY)[0]


def test_each_secret_of_the_corpus_is_found_whole(cases_with_secrets: list[Case]) -> None:
    assert len(cases_with_secrets) >= 3 * 370
    assert [case for case in cases_with_secrets if _values(*case[:2]) != case[2]] == []


def test_nothing_of_a_secret_is_left(cases_with_secrets: list[Case]) -> None:
    for path, text, secrets in cases_with_secrets:
        masked = PLACEHOLDER.sub("", _masked(path, text))
        for secret in secrets:
            pieces = {secret[at : at + 8] for at in range(max(1, len(secret) - 7))}
            assert not [piece for piece in pieces if piece in masked], masked


def test_look_alikes_are_left_alone(innocent_cases: list[Case]) -> None:
    assert len(innocent_cases) >= 380
    found = [(path, text, _values(path, text)) for path, text, _ in innocent_cases]
    assert [case for case in found if case[2]] == []


def test_a_masked_text_holds_no_secret(cases_with_secrets: list[Case]) -> None:
    for path, text, _ in cases_with_secrets:
        again = _values(path, _masked(path, text))
        assert all(PLACEHOLDER.fullmatch(value) for value in again), again


def test_the_corpus_has_every_known_shape(cases_with_secrets: list[Case]) -> None:
    kinds = {span.kind for path, text, _ in cases_with_secrets for span in find_secrets(path, text)}
    assert kinds > {*TOKENS, "password-hash", "private-key", "url-password", "high-entropy"}


def test_secrets_are_found_among_other_lines(cases_with_secrets: list[Case]) -> None:
    for path, text, secrets in cases_with_secrets:
        around = f"x = 1\n# é — ü\n\n{text}\ny = 'é'\n"
        assert _values(path, around) == secrets
        assert _values(path, around.replace("\n", "\r\n")) == secrets


def test_detect_secrets_finds_nothing_behind_the_masks(cases_with_secrets: list[Case]) -> None:
    plugins = _detect_secrets_plugins()
    fired = set()
    for path, text, _ in cases_with_secrets:
        masked = _masked(path, text)
        for name, plugin in plugins.items():
            if any(_found(plugin, line) for line in text.splitlines()):
                fired.add(name)
            if name != "PrivateKeyDetector":  # It finds the armour, which stays.
                assert not [line for line in masked.splitlines() if _found(plugin, line)]
    assert fired == set(plugins)


def _found(plugin: Any, line: str) -> list[str]:
    return [value for value in plugin.analyze_string(line) if not PLACEHOLDER.search(value)]


def _detect_secrets_plugins() -> dict[str, Any]:
    package = pytest.importorskip("detect_secrets.plugins")
    plugins: dict[str, Any] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name not in NOT_SHAPES:
            names = vars(importlib.import_module(f"detect_secrets.plugins.{module.name}"))
            plugins |= {n: c() for n, c in names.items() if n.endswith("Detector") and n[0] != "R"}
    assert len(plugins) >= 20
    return plugins


@pytest.mark.parametrize(
    "text",
    [
        f'é = 1\npassword = "{PASSWORD}"\n',
        f'\ud83d\nüü password="{PASSWORD}" é',
        f'{{"x": "{"é" * 5000}", "password": "{PASSWORD}", "y": "{"ü" * 5000}"}}',
        f'{{"a": [{"1, " * 3000}], "password": "{PASSWORD}"}}',
        f"password: {PASSWORD}\r\nuser: app\r\n",
        f"password: {PASSWORD}",
        f'\u00e9pass = 1\n\u00e9 pass: "{PASSWORD}"',
        f'x\npass: "{PASSWORD}"\n',
    ],
)
def test_offsets_are_those_of_characters(text: str) -> None:
    assert _values("config/app.json5" if '"' in text else "a.yml", text) == (PASSWORD,)


def test_a_long_token_on_a_long_line_is_found_whole() -> None:
    token = "ghp_" + "aB3dE6gH9j" * 120
    assert _values("a.json", f'{{"x": "{"y " * 4000}", "z": "{token}"}}') == (token,)


def test_texts_without_secrets_cost_nothing_more() -> None:
    assert find_secrets("a.py", "") == ()
    assert find_secrets("a.py", "x = 1\n") == ()


def test_tests_and_manuals_hold_made_up_passwords() -> None:
    line = 'password = "lemming17"\n'
    assert _values("src/app.py", line) == ("lemming17",)
    for path in ("tests/test_app.py", "docs/app.md", "spec/app_spec.rb", "examples/app.py"):
        assert _values(path, line) == ()
        assert _values(path, f'password = "{PASSWORD}"\n') == (PASSWORD,)


def test_the_hash_of_a_password_is_a_secret_but_in_a_test() -> None:
    hashed = (
        "pbkdf2_sha256" + "$600000$Zk3vQ9xT2mLp$" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0xR3uI6oL9eS2g="
    )
    line = f'"password": "{hashed}",\n'
    assert _values("dump/users.json", line) == (hashed,)
    assert _values("tests/users.json", line) == ()


def test_translations_and_lock_files_are_read_for_known_keys_alone() -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0xR3uI6"
    for path in ("locale/de.yml", "poetry.lock", "app.min.js"):
        assert _values(path, f"password: '{PASSWORD}'\n# {token}\n") == (token,)


def test_values_under_a_name_carry_its_kind() -> None:
    text = f'password = "{PASSWORD}"\napi_key = "{"a1b2c3d4e5f60718"}93fe"\n'
    assert [span.kind for span in find_secrets("a.py", text)] == ["password", "api-key"]


def test_a_placeholder_is_found_as_such() -> None:
    text = "token = 'MASKED_github_token_0123456789abcdef'\n"
    (span,) = find_secrets("a.py", text)
    assert span.kind == "placeholder"
    assert text[span.start : span.end] == "MASKED_github_token_0123456789abcdef"


WORDS = [
    "password",
    "pass",
    "secret_key",
    " = ",
    ": ",
    '"',
    "'",
    "`",
    "\n",
    "\r",
    "é",
    "\\",
    "(",
    ")",
    ",",
    "$",
    "{",
    "}",
]
WORDS += [
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "QUJD" * 12,
    "://u:",
    "@h",
    "Bearer ",
    "\ud800",
    " ",
]
WORDS += [
    "AKIA",
    "A1B2C3D4E5F6G7H8",
    PASSWORD,
    "eyJ",
    ".",
    "variable",
    "<key>",
    "</key>",
    "value",
    "MASKED_",
]


@given(
    st.lists(st.sampled_from(WORDS), max_size=40),
    st.sampled_from(["a.py", "a.yml", ".env", "a.md"]),
)
def test_spans_are_in_order_apart_and_within_lines(words: list[str], path: str) -> None:
    text = "".join(words)
    end = 0
    for span in find_secrets(path, text):
        assert end <= span.start < span.end <= len(text)
        assert "\n" not in text[span.start : span.end]
        end = span.end


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert find_secrets("a", text) == find_secrets("a", text)


PIECES = [
    "password=",
    '"password":"Xk3!9dkWq2",',
    'password="',
    "a.b-",
    "://a:bc12@",
    "eyJaaaaaaaaaaaaa.",
]
PIECES += [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n",
    "MASKED_a_",
    'auth("',
    '"\\',
]
PIECES += [" curl -u a:b", "token : a b c ", "$6$abcd$", 'variable "password" {\n', "Xk3dkWq2", '"']
PIECES += [
    '"password",',
    "token = [a, ",
    "chpasswd x:ab",
    "mysql -u a -pab ",
    "a:bc@tcp(",
    "tokens: (",
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", PIECES)
def test_a_hostile_line_of_a_megabyte_is_read_in_time(piece: str) -> None:
    text = 'password="' + piece * (1_000_000 // len(piece))
    assert all(span.end <= len(text) for span in find_secrets("a.json", text))
