"""What a base URL and a key look like, and which addresses are this machine."""

from __future__ import annotations

import pytest

from copilot.backends.origins import check_base_url, check_key, is_loopback
from copilot.errors import UsageError

HERE = [
    "http://127.0.0.1:8080/v1",
    "http://127.9.9.9/v1",
    "https://localhost/v1",
    "http://LOCALHOST:1/v1",
    "http://[::1]:8080/v1",
]
ELSEWHERE = [
    "https://api.example.com/v1",
    "http://127.0.0.1.example.com/v1",
    "http://localhost.example.com/v1",
    "http://example.com/127.0.0.1",
    "http://example.com/?h=localhost",
    "http://10.0.0.1/v1",
    "http://0.0.0.0/v1",
    "http://[2001:db8::1]/v1",
]
NO_URL = [
    "",
    "8080",
    "localhost:8080/v1",
    "127.0.0.1",
    "//127.0.0.1/v1",
    "http://",
    "http:///v1",
    "http://:8080/v1",
    "ftp://127.0.0.1/v1",
    "file:///etc/passwd",
    "http://[::1/v1",
    "http://127.0.0.1:port/v1",
    "http://127.0.0.1:0/v1",
    "http://127.0.0.1:99999/v1",
    "http://xn--/v1",
    "http://127.0.0.1\x1b[2J/v1",
    "http://127.0.0.1\n.example.com/v1",
]


@pytest.mark.parametrize("url", HERE)
def test_this_machine(url: str) -> None:
    assert is_loopback(url)
    check_base_url(url)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_another_machine(url: str) -> None:
    assert not is_loopback(url)
    check_base_url(url)


@pytest.mark.parametrize("url", NO_URL)
def test_what_is_no_base_url_is_told(url: str) -> None:
    with pytest.raises(UsageError, match="not a base URL"):
        check_base_url(url)


def test_a_broken_url_is_not_this_machine() -> None:
    assert not is_loopback("http://[::1/v1")


@pytest.mark.parametrize(
    "url", ["https://me:hunter2@api.example.com/v1", "http://hunter2@127.0.0.1/v1"]
)
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_base_url(url)
    assert "hunter2" not in refused.value.message + refused.value.hint
    assert "api_key_env" in refused.value.hint


@pytest.mark.parametrize("key", [None, "", "sk-abc123", "two words"])
def test_a_key_that_a_header_can_carry(key: str | None) -> None:
    check_key(key)


@pytest.mark.parametrize("key", ["hunter2\n", " hunter2", "hunter2\r\nX: y", "hunter2é", "\x00"])
def test_a_key_that_no_header_carries_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_key(key)
    assert "hunter2" not in refused.value.message + refused.value.hint
