"""What `--repo` values mean, and what is refused before any connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.errors import CopilotError, PolicyRefused, UsageError
from copilot.workspace.remote_name import RemoteName, find_repos

TEMPLATES = {
    "work": "https://git.example.com/{path}.git",
    "deep": "ssh://git@example.com:2222/{path}",
    "here": "http://127.0.0.1:8080/{path}.git",
    "none": "https://example.com/fixed.git",
    "plain": "http://example.com/{path}.git",
    "file": "file:///srv/{path}",
}


def _one(value: str) -> RemoteName:
    (name,) = find_repos([value], TEMPLATES)
    return name


@pytest.mark.parametrize(
    ("value", "alias", "url", "ref"),
    [
        ("django/django", "django", "https://github.com/django/django.git", "HEAD"),
        ("django/django@5.2", "django", "https://github.com/django/django.git", "5.2"),
        ("o/n@feature/a@b", "n", "https://github.com/o/n.git", "feature/a@b"),
        ("o/.github", "github", "https://github.com/o/.github.git", "HEAD"),
        ("o/n.git", "n", "https://github.com/o/n.git", "HEAD"),
        ("github:o/n", "n", "https://github.com/o/n.git", "HEAD"),
        ("web=o/n@v1", "web", "https://github.com/o/n.git", "v1"),
        ("work:g/sub/n@main", "n", "https://git.example.com/g/sub/n.git", "main"),
        ("deep:~me/n", "n", "ssh://git@example.com:2222/~me/n", "HEAD"),
        ("here:g/n", "n", "http://127.0.0.1:8080/g/n.git", "HEAD"),
        ("https://host/a/x.git@v1", "x", "https://host/a/x.git", "v1"),
        ("HTTPS://host/x.git", "x", "https://host/x.git", "HEAD"),
        ("x=https://host:8443/y/", "x", "https://host:8443/y/", "HEAD"),
        ("http://[::1]:80/x", "x", "http://[::1]:80/x", "HEAD"),
        ("http://localhost/x", "x", "http://localhost/x", "HEAD"),
        ("ssh://git@host:22/~u/x.git@b", "x", "ssh://git@host:22/~u/x.git", "b"),
        ("git@host:x/y.git", "y", "git@host:x/y.git", "HEAD"),
        ("git@host:x/y.git@refs/pull/3/head", "y", "git@host:x/y.git", "refs/pull/3/head"),
    ],
)
def test_what_a_value_means(value: str, alias: str, url: str, ref: str) -> None:
    assert _one(value) == RemoteName(alias, url, ref)


@pytest.mark.parametrize(
    "value",
    [
        *("file:///etc/x", "git://host/x", "ftp://host/x", "http://example.com/x"),
        *("https://user@host/x", "https://user:hunter2@host/x@v1", "ssh://u:hunter2@host/x"),
        *("plain:o/n", "file:o/n", "http://169.254.169.254/x", "http://127.0.0.1.example.com/x"),
        *("https://169.254.169.254/latest", "https://2852039166/x", "https://0xa9fea9fe/x"),
        *("https://169.254.43518/x", "https://[::ffff:a9fe:a9fe]/x", "https://[fe80::1]/x"),
        *("https://[fd00:ec2::254]/x", "ssh://git@169.254.169.254/x", "git@169.254.169.254:x"),
        *("git@[fd00:ec2::254]:x", "https://metadata.google.internal/x", "https://METADATA/x"),
        *("https://metadata.google.internal./x", "git@metadata:x", "https://100.100.100.200:443/x"),
    ],
)
def test_where_no_connection_may_go(value: str) -> None:
    with pytest.raises(PolicyRefused) as caught:
        _one(value)
    assert "hunter2" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "/srv/x", "./x/y", "a/b/c", "o/..", "../n", "o/n/", "none:o/n", "nowhere:o/n"),
        *("-o/n=x/y", "--upload-pack=touch/x", "ext::sh -c touch% x", "ext::a/b", "file:/etc"),
        *("https://host", "https://host/", "https:///x", "https://-oProxyCommand=x/y"),
        *("ssh://-oProxyCommand=x/y", "git@-oProxyCommand:x", "git@host:-x", "-u@host:x/y"),
        *("ssh://-u@host/x", "https://host/x?token=hunter2", "https://host/x#hunter2"),
        *("https://u:hunter2/x@host/y", "u:hunter2@host:x", "a\nb/c", "o/n\u202e"),
        *("o/n@", "o/n@-x", "o/n@--upload-pack=x", "o/n@a:b", "o/n@+a", "o/n@^a", "o/n@a..b"),
        *("o/n@a b", "o/n@*", "o/n@a\\b", "o/n@@{1}", "o/n@a.lock", "o/n@a/", "o/n@/a", "o/n@a/.b"),
    ],
)
def test_what_is_no_repository_or_ref(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        _one(value)
    said = caught.value.message + caught.value.hint
    assert caught.value.hint
    assert "hunter2" not in said
    assert said.isprintable()


def test_each_gets_an_alias_of_its_own() -> None:
    found = find_repos(["a/lib", "b/lib", "x=b/lib@v2"], {}, taken=["lib-2"])
    assert [name.alias for name in found] == ["lib", "lib-3", "x"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a/lib", "github:a/lib"], "is named twice"),
        (["x=a/lib", "x=b/lib"], "two repositories are named x"),
        (["app=a/lib"], "two repositories are named app"),
        (["a b=a/lib"], "not an alias"),
    ],
)
def test_what_could_not_be_told_apart_is_refused(values: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_repos(values, {}, taken=["app"])


def test_the_user_may_send_github_elsewhere() -> None:
    (name,) = find_repos(["o/n"], {"github": "https://mirror.example.com/{path}"})
    assert name.url == "https://mirror.example.com/o/n"


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/x", True),
        ("ssh://git@localhost/x", True),
        ("git@localhost:x", True),
        ("git@host:x", False),
        ("https://localhost.example.com/x", False),
    ],
)
def test_which_server_is_this_machine(url: str, here: bool) -> None:
    assert RemoteName("x", url).is_here is here


@given(st.text())
def test_every_value_is_a_repository_or_an_error_of_ours(value: str) -> None:
    try:
        name = _one(value)
    except CopilotError:
        return
    assert not name.url.startswith("-")
    assert not name.ref.startswith("-")
    assert "://" not in name.url or name.url.partition("://")[0] in {"http", "https", "ssh"}
