"""Mixtures of models over real servers: in time, late, failing, and hanging."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

import pytest

from copilot.backends.ensembles.asking import THREAD_NAME, Patience, too_few
from copilot.backends.ensembles.members import EnsembleUsage, Member, MemberUsage, Report
from copilot.backends.ensembles.mixture import Mixture, SelfMixture, Synthesis
from copilot.backends.ensembles.panel import Panel
from copilot.backends.ensembles.seat import Seat
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Backend, Event, Finished, Reading, Request, Usage, Waiting
from copilot.backends.retries import Retrying
from copilot.errors import BudgetExceeded, ModelUnreachable, PolicyRefused, UsageError

WORDS = "Of {{count}}:\n{{answers}}\nSum up."
ONE = Usage(100, 10, 40)

Hear = Callable[[Iterator[Event]], tuple[str, Finished]]
MakeMember = Callable[..., Member]
MakeRequest = Callable[..., Request]
Serve = Callable[..., Any]


def _never() -> Backend:
    raise AssertionError


@pytest.fixture
def mixture_of(reports: list[Report]) -> Iterator[Callable[..., Mixture]]:
    """Make mixtures that are closed after the test; the last member sums up."""
    made: list[Mixture] = []

    def make(*members: Member, patience: Patience | None = None, layers: int = 2) -> Mixture:
        panel = Panel(members[:-1], patience, reports.append)
        made.append(Mixture(panel, Synthesis(WORDS, members[-1]), layers))
        return made[-1]

    yield make
    for mixture in made:
        mixture.close()


def test_one_fails_and_one_is_slow(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    clock: Any,
    reports: list[Report],
    says: type[Any],
) -> None:
    hold = threading.Event()
    good = serve(says("from a\n"), says("summed up\n"))
    bad, slow = serve(says(status=500)), serve(says("too late", hold=hold))

    def tell(report: Report) -> None:
        reports.append(report)
        if {one.name for one in reports} == {"a", "b"}:
            clock.ring()

    members = [member("a", good), member("b", bad), member("c", slow)]
    mixture = mixture_of(*members, member("a", good), patience=clock.patience())
    mixture.panel.tell = tell
    text, end = hear(mixture.ask(request_of()))
    hold.set()
    assert text == "summed up\n"
    assert clock.seconds == [30]
    assert clock.cancelled == 1
    assert {(one.name, one.outcome) for one in reports} == {
        ("a", "answered"),
        ("b", "dropped"),
        ("c", "dropped"),
    }
    why = {one.name: one.why for one in reports}
    assert "out of order" in why["b"]
    assert why["c"] == "no whole answer within 30 seconds"
    calls = (MemberUsage("a", ONE), MemberUsage("a (aggregator)", ONE))
    assert end == Finished("stop", EnsembleUsage(200, 20, 80, None, calls))


def test_answers_stand_behind_the_prompt(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    says: type[Any],
) -> None:
    servers = [serve(says("from a\n")), serve(says("<think>hm</think>\nfrom b\n"))]
    last = serve(says("x"))
    names = dict(zip("ab", servers, strict=True))
    mixture = mixture_of(*(member(n, s) for n, s in names.items()), member("c", last))
    hear(mixture.ask(request_of()))
    prompt, system = request_of().messages[1].content, request_of().messages[0].content
    assert [server.prompts() for server in servers] == [[prompt], [prompt]]
    (asked,) = last.bodies
    assert [m["role"] for m in asked["messages"]] == ["system", "user"]
    assert asked["messages"][0]["content"] == system
    said = asked["messages"][1]["content"]
    assert said.startswith(f"{prompt}\n\nOf 2:\n<answer-")
    inner = [line for line in said[len(prompt) :].split("\n") if "answer-" not in line]
    assert inner == ["", "", "Of 2:", "from a", "from b", "Sum up."]


def test_layers_see_the_answers_before_them(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    says: type[Any],
) -> None:
    a, b = serve(says("a1"), says("a2")), serve(says("b1"), says("b2"))
    last = serve(says("x"))
    mixture = mixture_of(member("a", a), member("b", b), member("c", last), layers=3)
    _, end = hear(mixture.ask(request_of()))
    for server in (a, b):
        first, second = server.prompts()
        assert "a1" not in first
        assert second.startswith(first)
        assert second.index("a1") < second.index("b1")
    (summed,) = last.prompts()
    assert "a1" not in summed
    assert summed.index("a2") < summed.index("b2")
    assert isinstance(end.usage, EnsembleUsage)
    assert [call.name for call in end.usage.calls] == ["a", "b", "a", "b", "c (aggregator)"]


def test_a_later_layer_that_fails_leaves_the_one_before(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    reports: list[Report],
    says: type[Any],
) -> None:
    a, last = serve(says("a1"), says(status=500)), serve(says("x"))
    text, _ = hear(mixture_of(member("a", a), member("c", last), layers=3).ask(request_of()))
    assert text == "x"
    assert "a1" in last.prompts()[0]
    assert [(one.layer, one.outcome) for one in reports] == [(1, "answered"), (2, "dropped")]


def test_who_is_late_is_waited_for_until_there_is_a_quorum(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    clock: Any,
    reports: list[Report],
    says: type[Any],
) -> None:
    clock.is_late_at_once = True
    hold = threading.Event()
    a, c = serve(says("from a"), says("x")), serve(says("never", hold=hold))
    members = [member("a", a), member("c", c), member("a", a)]
    text, _ = hear(mixture_of(*members, patience=clock.patience()).ask(request_of()))
    hold.set()
    assert text == "x"
    assert [(one.name, one.outcome) for one in reports] == [("a", "answered"), ("c", "dropped")]


@pytest.mark.parametrize("quorum", [1, 2])
def test_too_few_answers_are_none(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    quorum: int,
    says: type[Any],
) -> None:
    answers = [says(status=500), says(""), says("fine") if quorum > 1 else says(status=404)]
    members = [member(n, serve(said)) for n, said in zip("abc", answers, strict=True)]
    mixture = mixture_of(*members, members[0], patience=Patience(quorum))
    with pytest.raises(ModelUnreachable) as failed:
        hear(mixture.ask(request_of()))
    first, *lines = failed.value.message.split("\n")
    count = "1 of the 3" if quorum > 1 else "none of the 3"
    assert first.startswith(f"{count} models of the ensemble answered")
    assert [line.split(":")[0] for line in lines] == ["  a", "  b", "  c"][: 4 - quorum]
    assert "said nothing" in lines[1]


def test_once_late_nobody_is_waited_for_in_vain(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    clock: Any,
    reports: list[Report],
    says: type[Any],
) -> None:
    clock.is_late_at_once = True
    a, b, hangs = serve(says("fine")), serve(says(status=500)), serve(says(hangs=True))
    members = [member("a", a), member("b", b), member("c", hangs)]
    mixture = mixture_of(*members, members[0], patience=clock.patience(quorum=3))
    with pytest.raises(ModelUnreachable, match="3 are needed"):
        list(mixture.ask(request_of()))
    assert [one.outcome for one in reports if one.name != "a"] == ["dropped", "dropped"]


def test_what_only_one_may_not_do_nobody_does(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    says: type[Any],
) -> None:
    def refuse() -> Any:
        raise PolicyRefused("beyond the wall")

    a = member("a", serve(says("x")))
    with pytest.raises(PolicyRefused):
        hear(mixture_of(a, Member("b", refuse), a).ask(request_of()))


def test_without_an_aggregators_answer_the_first_counts(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    reports: list[Report],
    says: type[Any],
) -> None:
    members = [member(n, serve(says(f"from {n}"))) for n in "ab"]
    mixture = mixture_of(*members, member("c", serve(says(status=500))))
    text, end = hear(mixture.ask(request_of()))
    assert text == "from a"
    assert isinstance(end.usage, EnsembleUsage)
    assert len(end.usage.calls) == 2
    assert [str(one) for one in reports[-1:]] == ["a: chosen: nobody summed the answers up"]


def test_who_waits_is_named(
    serve: Serve,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    says: type[Any],
) -> None:
    server = serve(says(status=503), says("at last"), says("x"))

    def patient() -> Backend:
        return Retrying(OpenAIChat(server.url, "m"), sleep=lambda _seconds: None)

    a = Member("a", patient)
    waits = [e for e in mixture_of(a, a).ask(request_of()) if isinstance(e, Waiting)]
    assert [wait.why.partition(":")[0] for wait in waits] == ["a"]


def test_a_prompt_that_is_too_long_comes_before_other_reasons() -> None:
    seats = [Seat(Member(name, _never)) for name in "abcd"]
    failed = {
        0: ModelUnreachable("gone"),
        1: BudgetExceeded("too long", limit=900),
        2: BudgetExceeded("too long", limit=100),
        3: BudgetExceeded("too long"),
    }
    assert too_few(seats, failed, 0, 1) is failed[2]


def test_the_first_sample_warms_the_cache_for_the_others(
    serve: Serve, member: MakeMember, request_of: MakeRequest, says: type[Any]
) -> None:
    hold = threading.Event()
    server = serve(says("one", hold=hold, reads=True), says("more"))
    mixture = SelfMixture(member("m", server, cache="m"), 3, Synthesis(WORDS, member("m", server)))
    events = mixture.ask(request_of())
    assert next(events) == Reading(5, 10)
    running = [t for t in threading.enumerate() if t.name.startswith(THREAD_NAME)]
    assert len(running) == 1
    hold.set()
    *_, end = events
    assert isinstance(end, Finished)
    assert [body.get("temperature") for body in server.bodies] == [0.7, 0.7, 0.7, None]
    assert {body.get("seed") for body in server.bodies} == {1, 2, 3, None}
    assert isinstance(end.usage, EnsembleUsage)
    names = [call.name for call in end.usage.calls]
    assert names == ["m #1", "m #2", "m #3", "m (aggregator)"]
    mixture.close()


def test_others_start_at_once_or_after_a_failure(
    serve: Serve, member: MakeMember, request_of: MakeRequest, hear: Hear, says: type[Any]
) -> None:
    server = serve(says(status=500), says("one"), says("two"), says("end"))
    mixture = SelfMixture(member("m", server, cache="m"), 3, Synthesis(WORDS, member("m", server)))
    text, _ = hear(mixture.ask(request_of()))
    assert text == "end"
    assert len(server.bodies) == 4
    mixture.close()


def test_a_late_first_sample_holds_up_no_other(
    serve: Serve,
    member: MakeMember,
    request_of: MakeRequest,
    hear: Hear,
    clock: Any,
    says: type[Any],
) -> None:
    clock.is_late_at_once = True
    hold = threading.Event()
    server = serve(says("late", hold=hold), says("two"))
    synthesis = Synthesis(WORDS, member("m", server))
    one = member("m", server, cache="m")
    mixture = SelfMixture(one, 2, synthesis, patience=clock.patience())
    text, _ = hear(mixture.ask(request_of()))
    hold.set()
    assert text == "two"
    mixture.close()


def test_who_stops_reading_ends_all(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    says: type[Any],
) -> None:
    servers = [serve(says(hangs=True, reads=True)) for _ in "abc"]
    members = [member(n, s) for n, s in zip("abc", servers, strict=True)]
    events = mixture_of(*members, members[0]).ask(request_of())
    # As long as not all of them read, one may not have got the question yet.
    assert len(list(takewhile(lambda event: event != Reading(15, 30), events))) == 2
    events.close()
    assert all(server.left.wait(20) for server in servers)


def test_who_hangs_is_left_and_asked_again_the_next_time(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    request_of: MakeRequest,
    hear: Hear,
    clock: Any,
    says: type[Any],
) -> None:
    good, moody = serve(says("good")), serve(says(hangs=True, reads=True), says("back"))
    mixture = mixture_of(
        member("a", good), member("b", moody), member("a", good), patience=clock.patience()
    )
    for event in mixture.ask(request_of()):
        if isinstance(event, Reading):
            clock.ring()
    assert moody.left.wait(20)
    hear(mixture.ask(request_of()))
    assert "back" in good.prompts()[-1]


_INTERRUPTED = """
import signal
import sys
from copilot.backends.ensembles.members import Member
from copilot.backends.ensembles.mixture import Mixture, Synthesis
from copilot.backends.ensembles.panel import Panel
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Message, Reading, Request

# A shell that runs the tests in the background has this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
members = [Member(url, lambda url=url: OpenAIChat(url, "m")) for url in sys.argv[1:]]
mixture = Mixture(Panel(members), Synthesis("{{answers}}", members[0]))
try:
    for event in mixture.ask(Request((Message("user", "task"),), 10)):
        if event == Reading(10, 20):
            print("all of them read", flush=True)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_ends_all(serve: Serve, says: type[Any]) -> None:
    servers = [serve(says(hangs=True, reads=True)) for _ in "ab"]
    command = [sys.executable, "-c", _INTERRUPTED, *(server.url for server in servers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "all of them read\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.read() == "interrupted\n"
        assert child.wait(60) == 0
    assert all(server.left.wait(20) for server in servers)


def test_a_member_that_hangs_keeps_no_process_alive(serve: Serve, says: type[Any]) -> None:
    good, hanging = serve(says("good"), says("end")), serve(says(hangs=True))
    code = """
import sys, threading
from copilot.backends.ensembles.asking import Patience
from copilot.backends.ensembles.members import Member
from copilot.backends.ensembles.mixture import Mixture, Synthesis
from copilot.backends.ensembles.panel import Panel
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Delta, Message, Request

class Deaf(OpenAIChat):
    def close(self): pass

rings = []
def alarm(seconds, ring):
    rings.append(ring)
    return lambda: None
a = Member("a", lambda: OpenAIChat(sys.argv[1], "m"))
b = Member("b", lambda: Deaf(sys.argv[2], "m"))
panel = Panel([a, b], Patience(1, 1, alarm), lambda report: [ring() for ring in rings])
asked = Request((Message("user", "task"),), 10)
for event in Mixture(panel, Synthesis("{{answers}}", a)).ask(asked):
    if isinstance(event, Delta):
        print(event.text)
print(sum("ensemble-b" in thread.name for thread in threading.enumerate()))
"""
    command = [sys.executable, "-c", code, good.url, hanging.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("end\n1\n", "", 0)


def test_facts_are_those_that_hold_for_all(
    serve: Serve,
    member: MakeMember,
    mixture_of: Callable[..., Mixture],
    reports: list[Report],
    says: type[Any],
) -> None:
    large, small = serve(says("x"), window=200_000), serve(says("x"), window=100_000)
    gone = Member("gone", lambda: member("", _Gone).open())
    facts = mixture_of(member("a", small), gone, member("b", large)).facts()
    assert facts.model == "mixture(a, gone) by b"
    assert facts.window == 100_000
    assert [(one.name, one.outcome) for one in reports] == [("gone", "dropped")]
    deeper = mixture_of(member("a", small), member("b", large), layers=3).facts()
    assert deeper.window is not None
    assert 90_000 < deeper.window < 100_000 - 8192


class _Gone:
    url = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(("aggregator", "layers"), [(None, 2), (Member("a", _never), 1)])
def test_a_mixture_that_cannot_be(aggregator: Member | None, layers: int) -> None:
    with pytest.raises(UsageError):
        Mixture(Panel([]), Synthesis(WORDS, aggregator), layers)
