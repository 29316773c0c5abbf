"""What a person may write after --repo: which repository elsewhere, and which commit of it."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from copilot.errors import PolicyRefused, UsageError
from copilot.text import one_line

DEFAULT_REF = "HEAD"
_GITHUB = {"github": "https://github.com/{path}.git"}
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PART = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+"
_PATH = re.compile(rf"{_PART}(?:/{_PART})+")
_USER_AND_HOST = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9a-fA-F:]+\])"
)
# `user@host:path`, as ssh writes it; without a user it would be a short name.
_SCP = re.compile(
    r"([A-Za-z0-9_][A-Za-z0-9._-]*@(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:.]+\])):([^@]+)(?:@(.*))?"
)
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(/[^@]*)(?:@(.*))?")
_SHORT = re.compile(r"(?:([A-Za-z0-9][A-Za-z0-9._-]*):)?([^@]+)(?:@(.*))?")
# Where clouds hand their machines' secrets to whoever asks from within.
_METADATA_NAMES = frozenset(
    {"instance-data", "metadata", "metadata.goog", "metadata.google.internal"}
)
_METADATA = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254"))
)
# What git allows in no name of a branch or tag, and what would make a refspec of one.
_NO_REF = re.compile(
    r"^[-/+]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^\.|\.lock(?:/|$)|[/.]$|^@?$"
)
_FORMS = "write owner/name@ref, short:group/name@ref, or an https or ssh URL and @ref; here: --root"


@dataclass(frozen=True)
class RemoteName:
    """A repository elsewhere: `url` without credentials, `ref` a branch, tag, commit or `HEAD`."""

    alias: str
    url: str
    ref: str = DEFAULT_REF

    @property
    def is_commit(self) -> bool:
        """Whether `ref` is a full commit id, which never changes its meaning."""
        return bool(_COMMIT.fullmatch(self.ref))

    @property
    def is_here(self) -> bool:
        """Whether the server is this machine."""
        url = self.url if "://" in self.url else f"ssh://{self.url.partition(':')[0]}"
        return _is_loopback(urlsplit(url).hostname or "")

    @property
    def shown(self) -> str:
        return self.url if self.ref == DEFAULT_REF else f"{self.url}@{self.ref}"


def find_repos(
    named: Sequence[str], templates: Mapping[str, str], taken: Collection[str] = ()
) -> tuple[RemoteName, ...]:
    """Return what `--repo` values mean (`[ALIAS=]REPOSITORY[@REF]`); no network, no disk.

    `templates` are the user's `remotes`: a short name to a URL with `{path}` in it. `taken` are
    aliases in use. Raises UsageError, or PolicyRefused for what must not be connected to.
    """
    found: list[RemoteName] = []
    for value in named:
        name = _parse(value, templates, [*taken, *(repo.alias for repo in found)])
        if any((name.url, name.ref) == (other.url, other.ref) for other in found):
            raise UsageError(f"{name.shown} is named twice", "name each repository once")
        found.append(name)
    return tuple(found)


def _parse(value: str, templates: Mapping[str, str], taken: Collection[str]) -> RemoteName:
    alias, equals, rest = value.partition("=")
    if not equals or set(alias) & set("/:@"):
        alias, rest = "", value
    elif not _ALIAS.fullmatch(alias):
        raise UsageError(
            f"not an alias: {one_line(alias)}", "use letters, digits, dot, dash, underscore"
        )
    elif alias in taken:
        raise UsageError(f"two repositories are named {alias}", "give each its own alias=")
    url, ref = _url_and_ref(rest, templates)
    if ref is not None and _NO_REF.search(ref):
        raise UsageError(
            f"not the name of a branch, tag or commit: {one_line(ref)!r}", "check it after the @"
        )
    return RemoteName(alias or free_alias(url, taken), url, ref or DEFAULT_REF)


def _url_and_ref(value: str, templates: Mapping[str, str]) -> tuple[str, str | None]:
    if not value.isprintable():
        raise UsageError("a --repo holds characters that no URL has", _FORMS)
    if match := _URL.fullmatch(value):
        return _checked(match[1] + "://" + match[2] + match[3]), match[4]
    if match := _SCP.fullmatch(value):
        return _checked_scp(match[1], match[2]), match[3]
    if "://" not in value and (match := _SHORT.fullmatch(value)):
        return _expanded(match[1], match[2], templates), match[3]
    raise UsageError(f"not a repository: {_without_secrets(value)}", _FORMS)


def _expanded(short: str | None, path: str, templates: Mapping[str, str]) -> str:
    """Return the URL of `short:path`; GitHub's without a short name."""
    known = {**_GITHUB, **templates}
    template = known.get(short or "github")
    if template is None:
        raise UsageError(
            f"no remote is named {short}",
            f"known: {', '.join(sorted(known))}; remotes.{short} in your config.toml adds one",
        )
    if not _PATH.fullmatch(path) or (short is None and path.count("/") != 1):
        raise UsageError(f"not a repository: {one_line(path)}", _FORMS)
    match = _URL.fullmatch(template.replace("{path}", path.removesuffix(".git")))
    if match is None or match[4] or template.count("{path}") != 1:
        raise UsageError(
            f"remotes.{short or 'github'} is no URL with one {{path}}",
            "such as https://git.example.com/{path}.git",
        )
    return _checked(match[1] + "://" + match[2] + match[3])


def _checked(url: str) -> str:
    """Return a URL that git may connect to; what is refused is never quoted with credentials."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    authority, _, path = rest.partition("/")
    if scheme not in {"https", "ssh", "http"}:
        raise PolicyRefused(
            f"repositories are not fetched by {scheme}://", "name an https or ssh URL"
        )
    userinfo, at, _ = authority.rpartition("@")
    if at and (scheme != "ssh" or ":" in userinfo):
        raise PolicyRefused(
            "the URL of a --repo holds a name or password",
            "take it out; git's own credential helpers know it (git help credentials)",
        )
    if not _is_server(f"{scheme}://{authority}") or not path.strip("/") or set(path) & set("?#"):
        raise UsageError("a --repo is no URL of a repository", _FORMS)
    host = urlsplit(f"{scheme}://{authority}").hostname or ""
    _refuse_metadata(host)
    if scheme == "http" and not _is_loopback(host):
        raise PolicyRefused(
            f"repositories are not fetched from {authority} without encryption",
            "name its https URL",
        )
    return f"{scheme}://{authority}/{path}"


def _is_server(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        named = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        return False
    without_port = re.sub(r":\d+$", "", parts.netloc)
    return named and bool(_USER_AND_HOST.fullmatch(without_port))


def _checked_scp(server: str, path: str) -> str:
    if path.startswith("-") or not path.strip("/"):
        raise UsageError(f"not a repository: {one_line(f'{server}:{path}')}", _FORMS)
    _refuse_metadata(server.rpartition("@")[2])
    return f"{server}:{path}"


def _refuse_metadata(host: str) -> None:
    address = _address(host)
    if host.lower().rstrip(".") in _METADATA_NAMES or (
        address is not None and (address.is_link_local or address in _METADATA)
    ):
        raise PolicyRefused(
            f"repositories are not fetched from {host}, where clouds keep their machines' secrets",
            "name the host of a repository",
        )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is, in any form in which the system reads one."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        # Also `0xa9fea9fe`, `2852039166` and `169.254.43518`.
        with suppress(OSError):
            return ipaddress.IPv4Address(socket.inet_aton(host))
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without_secrets(value: str) -> str:
    """Return what can be shown of a value that could not be understood."""
    scheme, separator, _ = value.partition("://")
    return f"{one_line(scheme)}://…" if separator else one_line(value.partition("@")[0])


def free_alias(url: str, taken: Collection[str]) -> str:
    """Return the last part of a URL as an alias, numbered if it is taken."""
    last = re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-._") or "repo"
    numbered = (name if n == 1 else f"{name}-{n}" for n in range(1, len(taken) + 2))
    return next(alias for alias in numbered if alias not in taken)
