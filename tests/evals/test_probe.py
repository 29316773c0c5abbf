"""The probe against servers that refuse, cut in silence, hang or break: real ones, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from copilot.assist.stopping import Stoppable
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.retries import Retrying
from copilot.context.tokens import count_tokens
from copilot.errors import BudgetExceeded, ModelUnreachable
from copilot.evals.lengthening import Lengthening
from copilot.evals.model import Material, material_of
from copilot.evals.obedience import whole_samples
from copilot.evals.probe import Probe
from copilot.evals.probed import Asked, Asking, Edited, Fate, Probed
from copilot.settings.bundled import bundled
from copilot.workspace.model import Snapshot, SourceFile

PROMPTS = {path.stem: path.read_text("utf-8") for path in bundled("prompts").glob("*.md")}
MODULE = PROMPTS["eval-probe-module"]
CLAIMED = 8000
TEMPLATE, RATIO = 23, 1.3


@dataclass
class Manner:
    """How a server behaves: it counts 1.3 tokens for each of ours, and 23 for its template.

    `window` is what it really holds of prompt and reply. Above it, it `refuses` (naming its limit
    if `tells_limit`), or keeps the last tokens in silence. `tells_usage`: it counts for the client
    too. `forgets`: it never repeats the first words. From `breaks_at` tokens on it fails, and on
    prompts that hold `breaks_on`; from `hangs_at` on it never answers.
    """

    window: int = 10**9
    refuses: bool = True
    tells_limit: bool = True
    tells_usage: bool = True
    forgets: bool = False
    breaks_at: int = 10**9
    breaks_on: str = "no prompt holds this"
    hangs_at: int = 10**9
    served: list[int] = field(default_factory=list)
    hangs: threading.Event = field(default_factory=threading.Event)
    ends: threading.Event = field(default_factory=threading.Event)

    def reply(self, body: dict[str, Any]) -> tuple[int, bytes]:
        text = "".join(message["content"] for message in body["messages"])
        tokens = round(RATIO * count_tokens([text], "o200k_base")[0]) + TEMPLATE
        self.served.append(tokens)
        if tokens >= self.hangs_at:
            self.hangs.set()
            self.ends.wait()
        if tokens >= self.breaks_at or self.breaks_on in text:
            return 500, b'{"error": {"message": "a layer is missing"}}'
        if tokens + body["max_tokens"] > self.window:
            if self.refuses:
                return 400, self._refusal(tokens)
            kept = self.window - body["max_tokens"]
            text, tokens = text[-int(len(text) * kept / tokens) :], kept
        return 200, _stream(_answer(text, self.forgets), tokens if self.tells_usage else None)

    def _refusal(self, tokens: int) -> bytes:
        said = "too long"
        if self.tells_limit:
            said = f"the request exceeds: This model's maximum context length is {self.window} "
            said += f"tokens. However, your messages resulted in {tokens} tokens."
        error = {"message": said, "code": "context_length_exceeded"}
        return json.dumps({"error": error}).encode()


def _answer(text: str, forgets: bool) -> str:
    """Answer from what there is: the two words, or the one edit that is understood."""
    words = re.findall(r'(?:\A|path="probe/first\.txt">\n)(\w+)\n', text) if not forgets else []
    if last := re.findall(r"The third is (\w+)\.", text):
        words += last
        return " ".join(words)
    asked = re.search(r"change the value of `(\w+)` from `(.*)` to `(.*)`\. Change", text)
    if not asked:
        return "I cannot."
    name, old, new = asked.groups()
    block = f"<<<<<<< SEARCH\n{name} = {old}\n=======\n{name} = {new}\n>>>>>>> REPLACE\n"
    return f"probe/limits.py\n{block}\nEND OF EDITS: 1 file, 1 block\n"


def _stream(reply: str, tokens: int | None) -> bytes:
    chunks: list[Any] = [{"choices": [{"delta": {"content": piece}}]} for piece in reply.split(" ")]
    for chunk in chunks[1:]:
        delta = chunk["choices"][0]["delta"]
        delta["content"] = f" {delta['content']}"
    chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    usage = {"prompt_tokens": tokens, "completion_tokens": len(reply) // 4}
    chunks += [{"choices": [], "usage": usage}] if tokens is not None else []
    return ("".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n").encode()


@contextmanager
def _running(manner: Manner) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, json.dumps({"data": [{"id": "scripted"}]}).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._send(*manner.reply(body))

        def _send(self, status: int, data: bytes) -> None:
            with suppress(ConnectionError):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            manner.ends.set()
            server.shutdown()
            thread.join()


class Slow(Probe):
    """Expects a server to take long for more than some tokens."""

    def _seconds_for(self, tokens: int) -> float:
        return 10**6 if tokens > 1000 else 0.0


@pytest.fixture(scope="module")
def material() -> Material:
    lines = "".join(f"value_{number} = {number * 7}\n" for number in range(150))
    files = (
        SourceFile("app", f"m{n}.py", None, "tracked", lines.replace("value", f"v{n}").encode())
        for n in range(4)
    )
    return material_of(Snapshot((), tuple(files)), "o200k_base", PROMPTS)


@pytest.fixture
def probe(material: Material) -> Iterator[Callable[..., Probed]]:
    """Probe a server of some manner, and return what was found."""
    with ExitStack() as stack:

        def run(
            manner: Manner,
            *,
            edits: int = 0,
            timer: type[threading.Timer] = threading.Timer,
            kind: type[Probe] = Probe,
            **changes: Any,
        ) -> Probed:
            url = stack.enter_context(_running(manner))
            backend = Stoppable(lambda: Retrying(OpenAIChat(url), retries=0))
            stack.callback(backend.close)
            backend.facts()
            small = SourceFile("probe", "limits.py", None, "generated", MODULE.encode())
            own = material_of(Snapshot((), (small,)), material.tokenizer, PROMPTS)
            samples = list(whole_samples(own, 1))[:edits]
            asking = replace(Asking(backend, CLAIMED, 0.0, 600.0), **changes)
            return kind(asking, material, samples, timer=timer).run()

        yield run


def _fates(probed: Probed) -> list[str]:
    return [str(one.fate) for one in probed.asked]


def test_a_window_as_claimed_is_seen_to_fail_beyond_it(probe: Callable[..., Probed]) -> None:
    manner = Manner(window=CLAIMED)
    probed = probe(manner)
    assert _fates(probed) == ["read"] * 4 + ["refused"]
    assert (probed.as_claimed, probed.asked[-1].limit) == (True, CLAIMED)
    assert all(one.repeats for one in probed.asked[:-1])
    # Lengths are in the server's own tokens, prompt and reply together.
    lengths = [served + 32 for served in manner.served[1:5]]
    assert lengths == pytest.approx([2048, 4096, 0.96 * CLAIMED, 1.1 * CLAIMED], rel=0.03)


def test_a_server_that_refuses_with_its_limit(probe: Callable[..., Probed]) -> None:
    manner = Manner(window=3000)
    probed = probe(manner)
    assert _fates(probed) == ["read", "read", "refused"]
    assert not probed.as_claimed
    assert probed.window == pytest.approx((3000 - TEMPLATE) / RATIO * 0.95, rel=0.02)


def test_a_server_that_refuses_and_tells_no_limit(probe: Callable[..., Probed]) -> None:
    manner = Manner(window=3000, tells_limit=False)
    probed = probe(manner)
    assert _fates(probed)[:3] == ["read", "read", "refused"]
    assert len(probed.asked) > 3
    assert probed.window is not None
    # Halving ends within a tenth of what fails.
    assert 0.85 * 3000 <= probed.window * RATIO <= 3000


@pytest.mark.parametrize("tells_usage", [True, False])
def test_a_server_that_cuts_in_silence(probe: Callable[..., Probed], tells_usage: bool) -> None:
    manner = Manner(window=3000, refuses=False, tells_usage=tells_usage)
    probed = probe(manner)
    assert "cut" in _fates(probed)
    assert not probed.as_claimed
    cut = next(one for one in probed.asked if one.fate is Fate.CUT)
    assert not cut.repeats
    assert probed.window is not None
    assert 0.8 * 3000 <= probed.window * RATIO <= 3000


def test_a_window_that_nothing_was_tried_beyond_is_not_found(probe: Callable[..., Probed]) -> None:
    probed = probe(Manner(), most_tokens=4096)
    assert _fates(probed) == ["read"] * 3
    assert probed.window is None
    assert probed.most_read > 3000


def test_a_model_that_forgets_the_word_is_not_taken_to_be_cut(probe: Callable[..., Probed]) -> None:
    for tells_usage, fate in ((True, "read"), (False, "answered")):
        probed = probe(Manner(forgets=True, tells_usage=tells_usage), most_tokens=4096)
        assert _fates(probed) == [fate] * 3
        assert not any(one.repeats for one in probed.asked)


def test_a_cut_that_nothing_would_show_is_not_taken_to_be_read(
    probe: Callable[..., Probed],
) -> None:
    manner = Manner(window=3000, refuses=False, tells_usage=False, forgets=True)
    probed = probe(manner, most_tokens=8000)
    assert _fates(probed) == ["answered"] * len(probed.asked)
    assert (probed.most_read, probed.window) == (0, None)
    assert probed.most_answered == max(one.tokens for one in probed.asked) > 3000


def test_a_claim_may_be_too_small(probe: Callable[..., Probed]) -> None:
    probed = probe(Manner())
    assert _fates(probed) == ["read"] * 5
    assert probed.window is None


def test_without_a_claim_it_goes_on_until_it_fails(probe: Callable[..., Probed]) -> None:
    probed = probe(Manner(window=9000), claimed=None)
    assert _fates(probed) == ["read"] * 4 + ["refused"]
    assert probed.window is not None
    assert not probed.as_claimed


def test_a_failure_is_no_window(probe: Callable[..., Probed]) -> None:
    probed = probe(Manner(breaks_at=3000))
    assert _fates(probed) == ["read", "read", "failed"]
    assert probed.window is None
    assert "a layer is missing" in probed.asked[-1].said


def test_where_time_is_short_it_tries_beyond_the_window_at_once(
    probe: Callable[..., Probed],
) -> None:
    probed = probe(Manner(window=CLAIMED), kind=Slow)
    assert _fates(probed) == ["read", "refused"]
    assert probed.as_claimed
    assert probed.next_tokens is not None
    smaller = probe(Manner(window=3000), kind=Slow)
    assert (_fates(smaller), smaller.as_claimed) == (["read", "refused"], False)
    assert smaller.window is not None
    silent = probe(Manner(window=3000, tells_limit=False), kind=Slow)
    assert (_fates(silent), silent.as_claimed) == (["read", "refused"], True)
    unclaimed = probe(Manner(window=3000), kind=Slow, claimed=None)
    assert (_fates(unclaimed), unclaimed.window) == (["read"], None)


def test_a_server_that_hangs_is_left_when_the_time_is_up(probe: Callable[..., Probed]) -> None:
    manner = Manner(hangs_at=3000)

    class WhenItHangs(threading.Timer):
        """The time is up as soon as the server hangs."""

        def run(self) -> None:
            while not self.finished.wait(0.01):
                if manner.hangs.is_set():
                    self.function()
                    self.finished.set()

    probed = probe(manner, timer=WhenItHangs)
    assert _fates(probed) == ["read", "read", "late"]
    assert probed.window is None
    assert probed.next_tokens is not None
    assert probed.next_tokens > 2000


def test_a_server_that_never_answers_is_told_of(probe: Callable[..., Probed]) -> None:
    with pytest.raises(ModelUnreachable, match="did not answer"):
        probe(Manner(hangs_at=0), seconds=0.3)


def test_a_window_that_holds_not_even_the_first_prompt(probe: Callable[..., Probed]) -> None:
    with pytest.raises(BudgetExceeded):
        probe(Manner(window=600))


def test_the_small_edits_are_scored_by_their_steps(probe: Callable[..., Probed]) -> None:
    probed = probe(Manner(), edits=5, most_tokens=2048)
    steps = {one.task: " ".join(one.steps) for one in probed.edits}
    assert steps == {
        "rename": "",
        "parameter": "",
        "constant": "parsed placed correct",
        "default": "",
        "insert": "",
    }
    assert not any(one.failed for one in probed.edits)


def test_edits_that_get_no_answer_are_told_apart(probe: Callable[..., Probed]) -> None:
    probed = probe(Manner(breaks_on="edit blocks"), edits=5)
    assert [one.failed for one in probed.edits] == [True] * 5


def test_speeds_are_told(probe: Callable[..., Probed]) -> None:
    speed = probe(Manner(), edits=3, most_tokens=4096).speed
    assert speed.cold is not None
    assert speed.cached is not None
    assert speed.written is not None


def test_each_prompt_begins_with_the_one_before_it(material: Material) -> None:
    prompts = Lengthening(material)
    short, long = (prompts.prompt(tokens) for tokens in (2000, 6000))
    assert short.total_tokens == pytest.approx(2000, abs=40)
    assert long.total_tokens == pytest.approx(6000, abs=40)
    base = short.sections[1].text
    shared = base[: base.rindex("\n", 0, -len("</file>\n") - 1)]
    assert long.sections[1].text.startswith(shared)
    assert long.text.startswith(f"{prompts.words[0]}\n")
    assert f'<file path="probe/first.txt">\n{prompts.words[1]}\n</file>' in long.text
    assert prompts.last in long.sections[-1].text


def test_other_words_each_time(material: Material) -> None:
    assert Lengthening(material, "a").words != Lengthening(material, "b").words
    assert Lengthening(material, "a").words == Lengthening(material, "a").words


def test_a_small_repository_is_repeated_and_an_empty_one_made_up(material: Material) -> None:
    assert "app/again-2/m0.py" in Lengthening(material).prompt(20_000).text
    nothing = material_of(Snapshot((), ()), "o200k_base", PROMPTS)
    prompt = Lengthening(nothing).prompt(5000)
    assert prompt.total_tokens == pytest.approx(5000, abs=40)


@pytest.mark.parametrize(
    ("claimed", "most", "lengths"),
    [
        (8000, None, [1024, 2048, 4096, 7680, 8800]),
        (8000, 3000, [1024, 2048, 3000]),
        (8000, 100_000, [1024, 2048, 4096, 7680, 8800]),
        (900, None, [864, 990]),
        (None, 4096, [1024, 2048, 4096]),
    ],
)
def test_which_lengths_are_tried(claimed: int | None, most: int | None, lengths: list[int]) -> None:
    backend = Stoppable(lambda: OpenAIChat("http://127.0.0.1:9/v1"))
    asking = Asking(backend, claimed, None, 60.0, most)
    assert asking.lengths == lengths
    backend.close()


def test_who_watches_hears_of_all(material: Material) -> None:
    heard: list[Asked | Edited] = []
    with _running(Manner()) as url:
        backend = Stoppable(lambda: OpenAIChat(url))
        backend.facts()
        asking = Asking(backend, CLAIMED, None, 60.0, 2048)
        probed = Probe(asking, material, [], watch=heard.append).run()
        backend.close()
    assert heard == list(probed.asked)
