from __future__ import annotations

import pytest

from copilot.context.relevance.failures import FailedTest, failures_in


@pytest.mark.parametrize(
    ("line", "test"),
    [
        (
            "FAILED tests/http/test_retry.py::TestRetry::test_delay[3-0.5] - assert 1 == 2",
            FailedTest(path="tests/http/test_retry.py"),
        ),
        ("Make tests/test_retry.py::test_delay pass", FailedTest(path="tests/test_retry.py")),
        ("ERROR tests/test_retry.py - ImportError", FailedTest(path="tests/test_retry.py")),
        (
            "FAIL: test_delay (tests.http.test_retry.RetryTests.test_delay)",
            FailedTest(function="test_delay", module="tests.http.test_retry.RetryTests.test_delay"),
        ),
        ("    --- FAIL: TestRetry/with_delay (0.00s)", FailedTest(function="TestRetry")),
        (
            "FAIL\tgithub.com/ann/shop/internal/cart\t0.012s",
            FailedTest(folder="github.com/ann/shop/internal/cart"),
        ),
        (
            "FAIL\tgithub.com/ann/shop/internal/cart [build failed]",
            FailedTest(folder="github.com/ann/shop/internal/cart"),
        ),
        (
            "test http::retry::tests::delays ... FAILED",
            FailedTest(module="http::retry::tests::delays"),
        ),
        ("---- cart::tests::adds_up stdout ----", FailedTest(module="cart::tests::adds_up")),
        (" FAIL  src/cart.test.ts", FailedTest(path="src/cart.test.ts")),
        (" FAIL  |web| src/cart.test.ts > adds up", FailedTest(path="src/cart.test.ts")),
        (" ❯ src/cart.spec.tsx (3 tests | 1 failed) 12ms", FailedTest(path="src/cart.spec.tsx")),
        ("FAIL src/cart.test.js (5.2 s)", FailedTest(path="src/cart.test.js")),
        (
            "rspec ./spec/models/cart_spec.rb:12 # Cart adds up",
            FailedTest(path="./spec/models/cart_spec.rb"),
        ),
        ("[ERROR]   CartTest.addsUp:17 expected: <3>", FailedTest(module="CartTest")),
        ("com.example.CartTest > addsUp() FAILED", FailedTest(module="com.example.CartTest")),
    ],
)
def test_what_runners_print(line: str, test: FailedTest) -> None:
    found = failures_in(f"please mend this\n{line}\nsoon")
    assert found.tests == (test,)
    assert found.rest == "please mend this\nsoon"


@pytest.mark.parametrize(
    "line",
    [
        "The test of the cart FAILED again",
        "test_retry.py is flaky",
        "ERROR: the server is down (again)",
        "fail fast",
        "[ERROR] something went wrong",
        "ok      github.com/ann/shop/internal/cart 0.012s",
        "test http::retry::tests::delays ... ok",
    ],
)
def test_what_is_no_failing_test(line: str) -> None:
    assert failures_in(line).tests == ()


def test_a_test_that_is_named_twice_is_one() -> None:
    line = "FAILED tests/test_a.py::test_b\n"
    assert len(failures_in(line * 2).tests) == 1
