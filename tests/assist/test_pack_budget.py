"""No prompt is over its budget, and each accounts for every file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.assist.pack import Packed
from copilot.context.model import Detail, Prompt
from copilot.errors import BudgetExceeded
from copilot.settings.modes import Mode

Pack = Callable[..., Packed]
_REPEATED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_MODES = st.sampled_from([Mode.AUTO, Mode.WHOLE, Mode.RANK])
# Rules, reserves and the smallest file of the repository below.
_LEAST = 450


@_REPEATED
@given(
    budget=st.integers(1000, 9000),
    mode=_MODES,
    kind=st.sampled_from([None, "ask", "edit"]),
    asked=st.integers(0, 900).map(lambda words: "the price of /the cart " * (words // 5)),
    outlines=st.booleans(),
)
def test_no_prompt_is_over_its_budget(
    varied: Path,
    pack_of: Pack,
    accounted: Callable[[Prompt], None],
    budget: int,
    mode: Mode,
    kind: str | None,
    asked: str,
    outlines: bool,
) -> None:
    about = {"kind": kind, "asked": asked, "mode": mode, "outlines": outlines}
    try:
        packed = pack_of(varied, budget=budget, **about)
    except BudgetExceeded:
        (task,) = [s for s in pack_of(varied, **about).prompt.sections if s.kind == "task"]
        assert budget < task.tokens + _LEAST
        return
    accounted(packed.prompt)
    assert packed.prompt.total_tokens <= budget
    assert {file.detail for file in packed.prompt.files} & {Detail.FULL, Detail.OUTLINE}
    listed = {file.path for file in packed.snapshot.files}
    assert [file.path for file in packed.prompt.files] == [f.path for f in packed.snapshot.files]
    assert {path.relative_to(varied).as_posix() for path in varied.rglob("*.py")} <= listed
