from __future__ import annotations

import inspect
import re

import pytest

from copilot import errors
from copilot.errors import (
    BudgetExceeded,
    CopilotError,
    ExitCode,
    ModelBusy,
    ModelError,
    ModelRefused,
    ReplyIncomplete,
)

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, CopilotError)
]


def test_the_exit_codes_are_those_that_scripts_rely_on() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "FINDINGS": 1,
        "USAGE": 2,
        "MODEL": 3,
        "BUDGET": 4,
        "EDITS": 5,
        "POLICY": 6,
        "INCOMPLETE": 7,
        "DEFECT": 70,
        "INTERRUPTED": 130,
        "NOBODY_READS": 141,
    }


def test_each_error_ends_with_the_code_that_the_table_says() -> None:
    table = dict(re.findall(r"(\w+) {2,}(\d+) ", errors.__doc__ or ""))
    named = {error.__name__: str(error.exit_code.value) for error in CLASSES}
    inherited = {error.__name__ for error in CLASSES if error.__base__ is not CopilotError}
    assert {name: named[name] for name in table} == table
    assert set(named) - set(table) == inherited


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_an_error_carries_what_happened_and_what_to_do(error: type[CopilotError]) -> None:
    raised = error("it broke", "mend it")
    assert (str(raised), raised.message, raised.hint) == ("it broke", "it broke", "mend it")
    assert error("it broke").hint == ""


def test_a_broken_reply_keeps_what_arrived() -> None:
    assert ReplyIncomplete("cut off", partial="half").partial == "half"


def test_errors_of_a_model_are_caught_together() -> None:
    names = {error.__name__ for error in CLASSES if issubclass(error, ModelError)}
    assert names == {
        "ModelError",
        "ModelUnreachable",
        "ModelRefused",
        "ModelBusy",
        "ReplyIncomplete",
    }


def test_a_busy_model_tells_how_long_to_wait() -> None:
    busy = ModelBusy("slow down", "wait", 2.5, per_day=True)
    assert (busy.retry_after, busy.per_day) == (2.5, True)
    assert isinstance(busy, ModelRefused)


def test_a_prompt_over_the_window_carries_both_sizes() -> None:
    error = BudgetExceeded("too long", "cut it", limit=4096, got=9001)
    assert (error.limit, error.got) == (4096, 9001)
