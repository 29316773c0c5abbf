from __future__ import annotations

import pytest

from copilot.context.relevance.imports import Importer

PYTHON = (
    "a/setup.py a/src/app/__init__.py a/src/app/models.py a/src/app/json.py "
    "a/src/app/db/__init__.py a/src/app/db/base.py a/tests/test_models.py a/tests/helpers.py "
    "b/app/models.py"
)
WEB = (
    "a/web/index.ts a/web/button.tsx a/web/button.css a/web/list/index.js a/web/types.d.ts "
    "a/packages/core/src/util.ts a/page.html"
)
GO = (
    "a/main.go a/internal/db/open.go a/internal/db/close.go a/internal/db/open_test.go "
    "a/sub/mod/pkg/x.go a/errors/e.go"
)
RUST = (
    "a/src/lib.rs a/src/config.rs a/src/config/read.rs a/src/net/mod.rs a/src/net/http.rs "
    "a/src/net/tls.rs"
)
REST = (
    "a/src/main/java/org/shop/Cart.java a/src/main/kotlin/org/shop/Till.kt a/include/lib/io.h "
    "a/src/io.c a/src/own.h a/lib/shop.rb a/lib/shop/cart.rb a/app/Models/User.php "
    "a/lua/scope/picker.lua a/bin/lib.sh a/bin/run.sh"
)
LANGUAGES = {"py": "python", "ts": "typescript", "js": "javascript", "rs": "rust", "kt": "kotlin"}
LANGUAGES |= {"h": "c", "rb": "ruby", "sh": "bash"}
CASES = [
    (PYTHON, "a/src/app/db/base.py", ".", "a/src/app/db/__init__.py"),
    (PYTHON, "a/src/app/db/base.py", "..models", "a/src/app/models.py"),
    (PYTHON, "a/src/app/db/base.py", "..db.base.Thing", ""),
    (PYTHON, "a/tests/test_models.py", "app.models", "a/src/app/models.py"),
    (PYTHON, "a/tests/test_models.py", "app.models.Order", "a/src/app/models.py"),
    (PYTHON, "a/tests/test_models.py", "app", "a/src/app/__init__.py"),
    (PYTHON, "a/tests/test_models.py", "helpers", "a/tests/helpers.py"),
    (PYTHON, "a/src/app/models.py", "json", ""),
    (PYTHON, "a/src/app/models.py", "os.path", ""),
    (PYTHON, "b/app/models.py", "app.db.base", "a/src/app/db/base.py"),
    (PYTHON, "b/app/models.py", "app.models", ""),
    (WEB, "a/web/index.ts", "./button", "a/web/button.css a/web/button.tsx"),
    (WEB, "a/web/index.ts", "./button.js", "a/web/button.css a/web/button.tsx"),
    (WEB, "a/web/index.ts", "./button.css", "a/web/button.css"),
    (WEB, "a/web/index.ts", "./button.css?inline", "a/web/button.css"),
    (WEB, "a/web/index.ts", "./list", "a/web/list/index.js"),
    (WEB, "a/web/list/index.js", "..", "a/web/index.ts"),
    (WEB, "a/web/list/index.js", "../types", "a/web/types.d.ts"),
    (WEB, "a/web/index.ts", "@/list/index.js", "a/web/list/index.js"),
    (WEB, "a/web/index.ts", "core/src/util", "a/packages/core/src/util.ts"),
    (WEB, "a/web/index.ts", "react", ""),
    (WEB, "a/page.html", "web/button.css", "a/web/button.css"),
    (WEB, "a/page.html", "/web/button.css", "a/web/button.css"),
    (
        GO,
        "a/main.go",
        "example.com/me/a/internal/db",
        "a/internal/db/close.go a/internal/db/open.go",
    ),
    (GO, "a/main.go", "other/mod/pkg", ""),
    (GO, "a/main.go", "example.com/other/mod/pkg", "a/sub/mod/pkg/x.go"),
    (GO, "a/main.go", "errors", ""),
    (RUST, "a/src/lib.rs", "config", "a/src/config.rs"),
    (RUST, "a/src/config.rs", "read", "a/src/config/read.rs"),
    (RUST, "a/src/lib.rs", "net", "a/src/net/mod.rs"),
    (RUST, "a/src/net/http.rs", "super::tls::Stream", "a/src/net/tls.rs"),
    (RUST, "a/src/config.rs", "crate::net::http::{Get, Post as P}", "a/src/net/http.rs"),
    (RUST, "a/src/lib.rs", "net::{http::Get, tls}", "a/src/net/http.rs a/src/net/tls.rs"),
    (RUST, "a/src/net/http.rs", "super::Pool", "a/src/net/mod.rs"),
    (RUST, "a/src/net/mod.rs", "super::{config, Run}", "a/src/config.rs a/src/lib.rs"),
    (RUST, "a/src/net/http.rs", "super::super::config::Config", "a/src/config.rs"),
    (RUST, "a/src/net/http.rs", "crate::net::Pool", "a/src/net/mod.rs"),
    (RUST, "a/src/net/http.rs", "crate::Run", "a/src/lib.rs"),
    (RUST, "a/src/lib.rs", "std::collections::HashMap", ""),
    (
        REST,
        "a/src/main/kotlin/org/shop/Till.kt",
        "org.shop.Cart",
        "a/src/main/java/org/shop/Cart.java",
    ),
    (
        REST,
        "a/src/main/kotlin/org/shop/Till.kt",
        "org.shop.Cart.total",
        "a/src/main/java/org/shop/Cart.java",
    ),
    (REST, "a/src/io.c", "lib/io.h", "a/include/lib/io.h"),
    (REST, "a/src/io.c", "own.h", "a/src/own.h"),
    (REST, "a/src/io.c", "stdio.h", ""),
    (REST, "a/lib/shop.rb", "shop/cart", "a/lib/shop/cart.rb"),
    (REST, "a/lib/shop.rb", "json", ""),
    (REST, "a/lib/shop.rb", "App\\Models\\User", ""),
    (REST, "a/lua/scope/picker.lua", "scope.picker", ""),
    (REST, "a/bin/run.sh", "./lib.sh", "a/bin/lib.sh"),
]


def _languages(files: str) -> dict[str, str]:
    suffixes = {name: name.rpartition(".")[2] for name in files.split()}
    return {name: LANGUAGES.get(suffix, suffix) for name, suffix in suffixes.items()}


@pytest.mark.parametrize(("files", "name", "imported", "expected"), CASES)
def test_an_import_leads_to_its_files(files: str, name: str, imported: str, expected: str) -> None:
    found = Importer(_languages(files)).files(name, imported)
    assert found == tuple(expected.split())
