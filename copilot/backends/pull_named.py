"""A GGUF file of the hub by its address: the hub itself tells its size and its SHA-256.

The hub answers for a large file with a redirect to where its bytes are, and says in the headers
`X-Linked-Size` and `X-Linked-Etag` (its SHA-256) what they must be, in `X-Repo-Commit` of which
commit (huggingface_hub, constants.py).
"""

from __future__ import annotations

import os
import re
from contextlib import closing
from urllib.parse import quote, urljoin, urlsplit

from copilot.backends.catalogue import EmbeddedModel
from copilot.backends.httpx_alone import httpx
from copilot.backends.origins import check_base_url, is_loopback
from copilot.backends.pull_file import SourceFailed
from copilot.backends.pull_hub import MAX_REDIRECTS, open_client
from copilot.errors import ModelUnreachable, UsageError
from copilot.text import one_line

HUB = "https://huggingface.co"
PREFIX = "hub:"
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_ADDRESS = re.compile(rf"({_PART}/{_PART})/((?:{_PART}/)*({_PART}\.gguf))")
_QUANTIZATION = re.compile(r"[-._]((?:I?Q\d\w*|[Bb]?[Ff]\d+|mxfp4))(?=\.gguf)", re.IGNORECASE)
_SIZE = re.compile(r"[1-9][0-9]{0,17}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def hub_url() -> str:
    """Return the hub's address: HF_ENDPOINT, as the hub's own client has it, or the public one.

    Raises UsageError for one that is neither encrypted nor on this machine.
    """
    url = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    check_base_url(url)
    if not url.startswith("https://") and not is_loopback(url):
        raise UsageError("HF_ENDPOINT is no https address", "set it to one, or unset it")
    return url


def named_file(address: str, name: str, *, title: str = "", window: int = 0) -> EmbeddedModel:
    """Return what is to be pulled for `owner/repository/file.gguf`, to be known as `name`.

    Raises UsageError for another form, ModelUnreachable if the hub does not tell of it.
    """
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise UsageError(
            f"not a file of the hub: {one_line(address)}", f"{PREFIX}OWNER/REPOSITORY/FILE.gguf"
        )
    repository, path, file = match.groups()
    try:
        size, digest, commit = _told(f"{hub_url()}/{repository}/resolve/main/{quote(path)}")
    except SourceFailed as error:
        raise ModelUnreachable(
            f"the hub does not tell of {address}: {error}",
            "check the address; for a file that asks for consent, fetch it on its page",
        ) from error
    quantization = _QUANTIZATION.search(file)
    return EmbeddedModel(
        name=name,
        title=title or file,
        quantization=quantization[1] if quantization else "",
        license="",
        window_tokens=window,
        file=file,
        size_bytes=size,
        sha256=digest,
        # A commit's file stays the same, however long the pull takes.
        hub_url=f"{hub_url()}/{repository}/resolve/{commit}/{quote(path)}",
        package="",
        package_version="",
        part_bytes=size,
        part_sha256=(digest,),
    )


def _told(url: str) -> tuple[int, str, str]:
    """Return size, SHA-256 and commit of a file, as the hub's headers have them."""
    with open_client() as client:
        for _ in range(MAX_REDIRECTS):
            try:
                with closing(client.send(client.build_request("HEAD", url))) as response:
                    headers = response.headers
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise SourceFailed(one_line(str(error)) or type(error).__name__) from error
            if response.is_error:
                raise SourceFailed(f"HTTP {response.status_code}")
            digest = headers.get("X-Linked-Etag", "").strip('"')
            size = headers.get("X-Linked-Size", "")
            if _DIGEST.fullmatch(digest) and _SIZE.fullmatch(size):
                commit = headers.get("X-Repo-Commit", "main")
                return int(size), digest, commit if commit.isalnum() else "main"
            url = _moved(url, response)
    raise SourceFailed(f"more than {MAX_REDIRECTS} redirects")


def _moved(url: str, response: httpx.Response) -> str:
    """Return where a renamed repository is now, on the same hub. Raises SourceFailed."""
    moved: str = urljoin(url, response.headers.get("Location", ""))
    if not response.is_redirect or urlsplit(moved)[:2] != urlsplit(url)[:2]:
        raise SourceFailed("no SHA-256 in its answer")
    return moved
