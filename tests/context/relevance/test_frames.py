from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.context.relevance.frames import frames_in

PYTHON = """\
Traceback (most recent call last):
  File "/home/ann/shop/manage.py", line 22, in <module>
    main()
    ~~~~^^
  File "/opt/venv/lib/python3.12/site-packages/django/core/handlers/base.py", line 197, in get
    response = wrapped_callback(request, *callback_args, **callback_kwargs)
  File "/home/ann/shop/orders/views.py", line 41, in checkout
    total = cart.total()
KeyError: 'price'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/home/ann/shop/orders/errors.py", line 9, in report
    send(error)
ValueError: no address
"""
EXCEPTION_GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/main.py", line 3, in run
  |     raise ExceptionGroup("several", errors)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/worker.py", line 12, in work
    |     fetch()
    | TimeoutError
"""
PYTEST = """\
tests/test_cart.py:18: in test_total
    assert cart.total() == 3
src/shop/cart.py:44: in total
    return sum(line.price for line in self.lines)
src/shop/lines.py:7: AttributeError
"""
NODE = """\
TypeError: Cannot read properties of undefined (reading 'id')
    at Object.getUser (/app/src/api/users.ts:14:23)
    at async handler (file:///app/src/server.mjs:88:5)
    at /app/node_modules/express/lib/router/layer.js:95:5
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
"""
BROWSER = """\
getUser@http://localhost:3000/src/api/users.js?t=1700000000:14:23
@http://localhost:3000/src/main.js:3:1
"""
VITEST = """\
 ❯ src/cart.ts:12:9
 ❯ total src/lines.ts:3:1
"""
RUST = """\
thread 'main' panicked at src/config.rs:42:10:
called `Option::unwrap()` on a `None` value
stack backtrace:
   0: rust_begin_unwind
             at /rustc/90b35a6/library/std/src/panicking.rs:661:5
   1: shop::config::load
             at ./src/config.rs:42:10
   2: shop::main
             at ./src/main.rs:7:5
"""
OLD_RUST = "thread 'main' panicked at 'index out of bounds: the len is 3', src/lib.rs:9:5"
RUSTC = """\
error[E0308]: mismatched types
  --> src/order.rs:10:12
   |
10 |     total
"""
GO = """\
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a1b2c]

goroutine 1 [running]:
example.com/shop/internal/cart.(*Cart).Total(...)
\t/home/ann/shop/internal/cart/cart.go:27
main.main()
\t/home/ann/shop/cmd/shop/main.go:12 +0x1d
exit status 2
"""
JAVA = """\
java.lang.RuntimeException: order failed
\tat com.example.shop.OrderService.place(OrderService.java:58)
\tat app//com.example.shop.web.OrderController$Inner.post(OrderController.java:31)
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.lang.NullPointerException
\tat com.example.shop.Cart.total(Cart.java:17)
\t... 3 more
"""
CSHARP = r"""
   at Shop.Cart.Total() in C:\work\shop\src\Cart.cs:line 12
"""
RUBY = """\
/srv/shop/app/models/cart.rb:9:in `total': undefined method `price' for nil (NoMethodError)
\tfrom /srv/shop/app/controllers/orders_controller.rb:4:in `create'
"""
PHP = """\
#0 /srv/shop/src/Cart.php(12): Cart->total()
#1 {main}
"""
COMPILERS = """\
src/cart.c:10:5: error: expected ';' before '}' token
src/cart.py:12: error: Incompatible return value type (got "int", expected "str")  [return-value]
src/cart.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.
src/line.ts:3:1 - error TS2304: Cannot find name 'Line'.
"""


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (
            PYTHON,
            [
                ("/home/ann/shop/orders/views.py", 0, 0),
                (
                    "/opt/venv/lib/python3.12/site-packages/django/core/handlers/base.py",
                    1,
                    0,
                ),
                ("/home/ann/shop/manage.py", 2, 0),
                ("/home/ann/shop/orders/errors.py", 0, 1),
            ],
        ),
        (EXCEPTION_GROUP, [("/srv/app/main.py", 0, 0), ("/srv/app/worker.py", 0, 1)]),
        (
            PYTEST,
            [("src/shop/lines.py", 0, 0), ("src/shop/cart.py", 1, 0), ("tests/test_cart.py", 2, 0)],
        ),
        (
            NODE,
            [
                ("/app/src/api/users.ts", 0, 0),
                ("/app/src/server.mjs", 1, 0),
                ("/app/node_modules/express/lib/router/layer.js", 2, 0),
                ("node:internal/process/task_queues", 3, 0),
            ],
        ),
        (
            BROWSER,
            [("/localhost:3000/src/api/users.js", 0, 0), ("/localhost:3000/src/main.js", 1, 0)],
        ),
        (VITEST, [("src/cart.ts", 0, 0), ("src/lines.ts", 1, 0)]),
        (
            RUST,
            [
                ("src/config.rs", 0, 0),
                ("/rustc/90b35a6/library/std/src/panicking.rs", 0, 1),
                ("./src/config.rs", 1, 1),
                ("./src/main.rs", 2, 1),
            ],
        ),
        (OLD_RUST, [("src/lib.rs", 0, 0)]),
        (RUSTC, [("src/order.rs", 0, 0)]),
        (
            GO,
            [
                ("/home/ann/shop/internal/cart/cart.go", 0, 0),
                ("/home/ann/shop/cmd/shop/main.go", 1, 0),
            ],
        ),
        (
            JAVA,
            [
                ("com/example/shop/OrderService.java", 0, 0),
                ("com/example/shop/web/OrderController.java", 1, 0),
                ("java/lang/Thread.java", 2, 0),
                ("com/example/shop/Cart.java", 0, 1),
            ],
        ),
        (CSHARP, [(r"C:\work\shop\src\Cart.cs", 0, 0)]),
        (
            RUBY,
            [
                ("/srv/shop/app/models/cart.rb", 0, 0),
                ("/srv/shop/app/controllers/orders_controller.rb", 1, 0),
            ],
        ),
        (PHP, [("/srv/shop/src/Cart.php", 0, 0)]),
        (
            COMPILERS,
            [
                ("src/cart.c", 0, 0),
                ("src/cart.py", 0, 1),
                ("src/cart.ts", 0, 2),
                ("src/line.ts", 0, 3),
            ],
        ),
    ],
)
def test_places_and_how_near_they_are_to_the_failure(
    text: str, places: list[tuple[str, int, int]]
) -> None:
    found = frames_in(f"It fails:\n\n{text}").frames
    assert [(frame.path, frame.depth, frame.trace) for frame in found] == places


def test_lines_of_code_between_frames_do_not_end_a_traceback() -> None:
    assert {frame.trace for frame in frames_in(PYTEST).frames} == {0}


@pytest.mark.parametrize(
    "prose",
    [
        "Look at src/cart.py: the total is wrong.",
        "Meet me at 12:30:15 at the station",
        "class Cart:\n    total: int = 0\n",
        "see https://example.com:8080/docs for more",
        "File a bug, line 3 is wrong",
    ],
)
def test_prose_and_code_hold_no_frames(prose: str) -> None:
    found = frames_in(prose)
    assert found.frames == ()
    assert found.rest == prose.rstrip("\n")


def test_the_rest_is_what_is_not_a_frame() -> None:
    assert frames_in(f"before\n{RUSTC}after").rest == (
        "before\nerror[E0308]: mismatched types\n   |\n10 |     total\nafter"
    )


@given(st.text('at File"(:1)./py-> @\n', max_size=2000))
def test_any_text_is_read(text: str) -> None:
    found = frames_in(text)
    assert len(found.rest) <= len(text)
    assert all(frame.path for frame in found.frames)
