"""A model from the hub: one file over HTTPS, gone on with after a cut (RFC 9110, section 14)."""

from __future__ import annotations

import re
from contextlib import closing

from copilot import __version__
from copilot.backends.catalogue import EmbeddedModel
from copilot.backends.httpx_alone import httpx
from copilot.backends.pull_file import PartFile, Report, SourceFailed
from copilot.text import one_line

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
HEADERS = {"Accept-Encoding": "identity", "User-Agent": f"repo-copilot/{__version__}"}
MAX_REQUESTS = 8
MAX_REDIRECTS = 5


def fetch(model: EmbeddedModel, part_file: PartFile, report: Report) -> None:
    """Append what is missing of `model`. Raises SourceFailed; what arrived until then stays."""
    etag = ""
    with open_client() as client:
        for _ in range(MAX_REQUESTS):
            held, reason = part_file.offset, "the connection ended early"
            if held == model.size_bytes:
                return
            try:
                with closing(_get(client, model.hub_url, _range_headers(held, etag))) as response:
                    etag = response.headers.get("ETag", "")
                    _append(model, response, part_file, report)
            except httpx.HTTPError as error:
                reason = one_line(str(error)) or type(error).__name__
            if part_file.offset <= held:
                raise SourceFailed(reason)
    if part_file.offset < model.size_bytes:
        raise SourceFailed(f"the connection was cut {MAX_REQUESTS} times")


def open_client() -> httpx.Client:
    """Return a client for the hub. Raises SourceFailed."""
    try:
        return httpx.Client(timeout=TIMEOUT, headers=HEADERS)
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
        # A proxy or certificate named in the environment cannot be used.
        raise SourceFailed(one_line(str(error))) from error


def _get(client: httpx.Client, url: str, headers: dict[str, str]) -> httpx.Response:
    """Ask for `url`, following redirects to https only; the body is not read yet."""
    request = client.build_request("GET", url, headers=headers)
    for _ in range(MAX_REDIRECTS + 1):
        response = client.send(request, stream=True)
        if response.next_request is None:
            return response
        response.close()
        request = response.next_request
        if request.url.scheme != "https":
            raise SourceFailed(f"a redirect to {request.url.scheme} was refused")
    raise SourceFailed(f"more than {MAX_REDIRECTS} redirects")


def _range_headers(held: int, etag: str) -> dict[str, str]:
    """Ask for the bytes from `held` on, and for all of them if the file is another by its ETag."""
    if not held:
        return {}
    # A weak ETag must not be used with If-Range: RFC 9110, section 13.1.5.
    unchanged = {"If-Range": etag} if etag.startswith('"') else {}
    return {"Range": f"bytes={held}-", **unchanged}


def _append(
    model: EmbeddedModel, response: httpx.Response, part_file: PartFile, report: Report
) -> None:
    _check_size(model, response, part_file.offset)
    if response.status_code == httpx.codes.OK:
        part_file.restart()
    for block in response.iter_raw():
        part_file.write(block)
        report("hub")


def _check_size(model: EmbeddedModel, response: httpx.Response, held: int) -> None:
    """Refuse an answer that is no success, of another size, or from another place than asked."""
    expected = f"of {model.size_bytes} bytes"
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        sent = response.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", sent)
        if not match or (int(match[1]), int(match[2])) != (held, model.size_bytes):
            raise SourceFailed(f"asked from byte {held} {expected}, it sent '{one_line(sent)}'")
    elif response.status_code == httpx.codes.OK:
        size = response.headers.get("Content-Length", str(model.size_bytes))
        if size != str(model.size_bytes):
            raise SourceFailed(f"the file has {one_line(size)} bytes instead {expected}")
    else:
        raise SourceFailed(f"HTTP {response.status_code}")
