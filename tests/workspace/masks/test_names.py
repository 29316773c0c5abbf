from __future__ import annotations

import pytest

from copilot.workspace.masks.names import Tells, kind_of_secret, what_name_tells


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "dbPassword",
        "spring.mail.password",
        "PGPASSWORD",
        "userpassword",
        "password_prod",
        "password2",
        "pwd",
        "--admin-password",
        "ssh_pass",
        "requirepass",
        "pw",
        "$pass",
    ],
)
def test_names_of_passwords(name: str) -> None:
    assert what_name_tells(name) is Tells.PASSWORD


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "stripeSecretKey",
        "SECRET_KEY_BASE",
        "api_key",
        "apikey",
        "X-Api-Key",
        "authToken",
        "_authToken",
        "PRIVATE-TOKEN",
        "aws_secret_access_key",
        "client_secret",
        "AccountKey",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert what_name_tells(name) is Tells.SECRET


@pytest.mark.parametrize("name", ["key", "salt", "dsn", "cookie_key", "render_pass"])
def test_names_that_hint(name: str) -> None:
    assert what_name_tells(name) is Tells.KEY


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "user",
        "password_hash",
        "passwordField",
        "token_type",
        "secretName",
        "monkey",
        "author",
        "max_tokens",
        "pad_token",
        "next_token",
        "public_key",
        "publicKeyToken",
        "primaryKey",
        "_",
        "token_url",
        "PASSWORD_RESET_TIMEOUT",
        "keyboard",
        "bypass",
        "compass",
        "secretary",
        "$1",
    ],
)
def test_names_that_tell_nothing(name: str) -> None:
    assert what_name_tells(name) is Tells.NOTHING


def test_kinds() -> None:
    assert kind_of_secret("DB_PASSWORD", Tells.PASSWORD) == "password"
    assert kind_of_secret("X-Api-Key", Tells.SECRET) == "api-key"
    assert kind_of_secret("client_secret", Tells.SECRET) == "secret"
    assert kind_of_secret("authToken", Tells.SECRET) == "token"
    assert kind_of_secret("salt", Tells.KEY) == "secret"
