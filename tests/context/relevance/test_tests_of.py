from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.context.relevance.tests_of import spread
from copilot.context.relevance.tests_of import tests_of as related_tests


@pytest.mark.parametrize(
    ("test", "tested"),
    [
        ("app/tests/test_retry.py", "app/src/app/retry.py"),
        ("app/tests/http/test_retry.py", "app/src/app/http/retry.py"),
        ("app/tests/test_http_retry.py", "app/src/app/http/retry.py"),
        ("app/tests/test_http.py", "app/src/app/http/__init__.py"),
        ("app/tests/test_retry_with_delay.py", "app/src/app/retry.py"),
        ("app/retry_test.py", "app/retry.py"),
        ("web/src/cart.test.ts", "web/src/cart.ts"),
        ("web/src/__tests__/cart.ts", "web/src/cart.tsx"),
        ("web/src/Button/index.spec.tsx", "web/src/Button/index.tsx"),
        ("web/tests/cart.spec.js", "web/src/cart.ts"),
        ("web/src/Button.cy.tsx", "web/src/Button.vue"),
        ("go/internal/cart/cart_test.go", "go/internal/cart/cart.go"),
        ("rs/tests/cart.rs", "rs/src/cart.rs"),
        ("rs/src/cart/tests.rs", "rs/src/cart.rs"),
        ("rs/src/cart/tests.rs", "rs/src/cart/mod.rs"),
        ("jv/src/test/java/com/x/CartTest.java", "jv/src/main/java/com/x/Cart.java"),
        ("jv/src/test/java/com/x/CartIT.java", "jv/src/main/java/com/x/Cart.java"),
        ("jv/src/test/kotlin/com/x/TestCart.kt", "jv/src/main/java/com/x/Cart.java"),
        ("rb/spec/models/cart_spec.rb", "rb/app/models/cart.rb"),
        ("rb/test/models/cart_test.rb", "rb/app/models/cart.rb"),
        ("php/tests/CartTest.php", "php/src/Cart.php"),
        ("cs/Shop.Tests/CartTests.cs", "cs/Shop/Cart.cs"),
        ("ex/test/shop/cart_test.exs", "ex/lib/shop/cart.ex"),
    ],
)
def test_a_test_and_what_it_tests(test: str, tested: str) -> None:
    others = [f"{test.partition('/')[0]}/other/{name}" for name in ("main.py", "main.ts", "x.rs")]
    assert related_tests([test, tested, *others]) == {test: (tested,), tested: (test,)}


@pytest.mark.parametrize(
    "names",
    [
        ["app/tests/test_retry.py", "core/src/retry.py"],
        ["app/tests/test_retry.py", "app/src/retry.go"],
        ["app/tests/conftest.py", "app/src/app.py"],
        ["app/tests/__init__.py", "app/__init__.py"],
        ["app/contest.py", "app/con.py"],
        ["app/tests/config.toml", "app/config.toml"],
        ["app/latest.py", "app/la.py"],
        [f"app/{folder}/retry.py" for folder in "abcd"] + ["app/tests/test_retry.py"],
    ],
)
def test_files_that_do_not_belong_together(names: list[str]) -> None:
    assert related_tests(names) == {}


def test_the_nearest_of_equal_names_wins() -> None:
    names = ["a/tests/http/test_retry.py", "a/src/http/retry.py", "a/src/disk/retry.py"]
    assert related_tests(names) == {names[0]: (names[1],), names[1]: (names[0],)}


def test_a_file_may_have_many_tests() -> None:
    names = ["a/retry.py", "a/tests/test_retry.py", "a/tests/unit/test_retry.py"]
    assert related_tests(names)["a/retry.py"] == (names[1], names[2])


NAMES = st.lists(
    st.sampled_from(
        [
            f"{root}/{folder}{name}"
            for root in "ab"
            for folder in ("", "tests/", "src/x/")
            for name in ("x.py", "test_x.py", "x_test.go", "x.go", "tests.rs", "__init__.py")
        ]
    ),
    unique=True,
)


@given(NAMES)
def test_belonging_goes_both_ways_and_the_order_of_names_changes_nothing(names: list[str]) -> None:
    related = related_tests(names)
    assert related_tests(sorted(names)) == related
    for name, others in related.items():
        assert name not in others
        assert all(name in related[other] for other in others)


RELATED = {"x.py": ("test_x.py",), "test_x.py": ("x.py",)}


def test_a_test_gets_the_score_of_what_it_tests() -> None:
    found = spread({"x.py": 4.0, "test_x.py": 1.0}, RELATED)
    assert found.scores == {"test_x.py": 1.0, "x.py": 0.25}
    assert found.why == {"test_x.py": "belongs to x.py", "x.py": "belongs to test_x.py"}


def test_each_of_many_tests_gets_less() -> None:
    related = {"x.py": ("a.py", "b.py", "c.py", "d.py")}
    assert spread({"x.py": 2.0}, related).scores == dict.fromkeys(related["x.py"], 0.5)


def test_nothing_spreads_from_nothing() -> None:
    assert spread({}, RELATED).scores == {}
    assert spread({"other.py": 1.0}, RELATED).scores == {}
