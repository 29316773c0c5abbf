"""One model server over HTTP: plain requests, and streams that end when nobody listens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from copilot.backends.faults import refusal, unreachable
from copilot.backends.httpx_alone import httpx
from copilot.backends.lines import MOST_LINE_BYTES, LineTooLong
from copilot.backends.wall import OPEN, Wall, open_client
from copilot.errors import CopilotError, ModelError, ModelUnreachable

# Reading a prompt of a million tokens can take many minutes before the first byte.
_TIMEOUT = httpx.Timeout(10, read=None, write=300)
_QUICK_TIMEOUT = httpx.Timeout(10)
_NONE: Mapping[str, str] = {}
_MOST_SAID_BYTES = 1024 * 1024
_MOST_LISTED_BYTES = 64 * 1024 * 1024

# From a refusal (status, body) and the request's body to another body to send, None to give up.
Mend = Callable[[int, bytes, dict[str, Any]], dict[str, Any] | None]


class Server:
    """A server under `base_url`; `key_headers` hold the key, which no message repeats.

    Raises UsageError for what is no base URL or key, PolicyRefused for what lies beyond the wall.
    """

    def __init__(
        self,
        base_url: str,
        key_headers: Mapping[str, str],
        wall: Wall = OPEN,
        other_headers: Mapping[str, str] = _NONE,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        headers = {**other_headers, **key_headers}
        self._client, self._hang_up = open_client(base_url, headers, wall, _TIMEOUT)
        self._keys = [key.removeprefix("Bearer ").encode() for key in key_headers.values()]
        self._is_closed = False

    def close(self) -> None:
        """End all connections; a request that runs in another thread breaks off at once."""
        self._is_closed = True
        self._hang_up()
        self._client.close()

    def fetch(
        self,
        method: str,
        path: str,
        model: str,
        body: dict[str, Any] | None = None,
        *,
        root: str = "",
        patient: bool = False,
    ) -> tuple[int, bytes]:
        """Ask something that is answered at once; return the status and the body.

        `path` lies under `root`, else under `base_url`; `patient` waits as long as it takes. Raises
        ModelUnreachable.
        """
        content = encoded(body) if body is not None else None
        with self._mapped(model):
            request = self._client.stream(
                method,
                f"{root or self.base_url}{path}",
                content=content,
                headers={"content-type": "application/json"} if content else {},
                timeout=_TIMEOUT if patient else _QUICK_TIMEOUT,
            )
            with request as answer:
                return answer.status_code, _bounded(answer, _MOST_LISTED_BYTES)

    def refused(self, status: int, body: bytes, model: str) -> CopilotError:
        """Return the error for an answer that is no success."""
        return refusal(status, self.cleaned(body), model)

    @contextmanager
    def stream(
        self, path: str, body: dict[str, Any], model: str, mend: Mend | None = None
    ) -> Iterator[Iterator[bytes]]:
        """Send a question and hand out the bytes of the answer as they come.

        A refusal is shown to `mend` first. Leaving the context ends the request on the server.
        Raises ModelError, BudgetExceeded.
        """
        while True:
            with self._mapped(model), self._sent(path, body) as answer:
                if answer.is_success:
                    yield answer.iter_bytes()
                    return
                said = self.cleaned(_bounded(answer, _MOST_SAID_BYTES))
                mended = mend(answer.status_code, said, body) if mend else None
                if mended is None:
                    raise refusal(answer.status_code, said, model, answer.headers)
                body = mended

    def _sent(self, path: str, body: dict[str, Any]) -> Any:
        # llama.cpp hangs up behind a stream: what is sent on that connection just then is lost.
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "connection": "close",
        }
        return self._client.stream(
            "POST", f"{self.base_url}{path}", content=encoded(body), headers=headers
        )

    @contextmanager
    def _mapped(self, model: str) -> Iterator[None]:
        """Turn what goes wrong on the way into our errors."""
        if self._is_closed:
            raise ModelUnreachable(f"the connection to {self.base_url} was closed", "ask anew")
        try:
            yield
        except httpx.HTTPError as error:
            failed = unreachable(error, self.base_url)
            failed.passing = failed.passing and not self._is_closed
            raise failed from error
        except ModelError as error:
            # What breaks because it was closed here is not to be asked again.
            error.passing = error.passing and not self._is_closed
            raise
        except LineTooLong as error:
            raise ModelError(
                f"{model} sent a line of more than {MOST_LINE_BYTES // 2**20} MB",
                "see the server's log",
            ) from error

    def cleaned(self, body: bytes) -> bytes:
        """Return what a server said without the key."""
        for key in self._keys:
            body = body.replace(key, b"[key]")
        return body


def encoded(body: dict[str, Any]) -> bytes:
    """Return a request's JSON; half a character that a model wrote becomes a question mark."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def _bounded(answer: httpx.Response, most: int) -> bytes:
    """Return the begin of a body; what breaks off is returned as far as it came."""
    said = bytearray()
    with suppress(httpx.StreamError, httpx.RemoteProtocolError, httpx.ReadError):
        for chunk in answer.iter_bytes():
            said += chunk
            if len(said) >= most:
                break
    return bytes(said[:most])
