from __future__ import annotations

import pytest

from copilot.workspace.kinds import Kind, is_lock_file, is_secret_file, kind_of_name

SECRETS = [
    ".env",
    "deploy/.env",
    ".env.local",
    "prod.env",
    ".ENV",
    "keys/id_rsa",
    "id_ed25519",
    "server.pem",
    "a/b/Server.KEY",
    "store.p12",
    ".netrc",
    "x.kdbx",
    ".git-credentials",
]


@pytest.mark.parametrize("path", SECRETS)
def test_names_that_hold_secrets(path: str) -> None:
    assert is_secret_file(path)
    assert kind_of_name(path) is Kind.SECRET


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        "app/.env.template",
        "example.env",
        "env",
        "environment.py",
        "id_rsa.pub",
        "key.py",
        "monkey",
        "pem.txt",
        ".env/readme",
        "server.pem/readme",
        "id_rsa\n",
    ],
)
def test_names_that_hold_none(path: str) -> None:
    assert not is_secret_file(path)
    assert kind_of_name(path) is not Kind.SECRET


@pytest.mark.parametrize("path", ["uv.lock", "web/package-lock.json", "Cargo.lock", "go.sum"])
def test_lock_files(path: str) -> None:
    assert is_lock_file(path)
    assert kind_of_name(path) is Kind.LOCK


@pytest.mark.parametrize("path", ["lock.py", "uv.lock/readme", "my.lock", "go.mod", "package.json"])
def test_no_lock_files(path: str) -> None:
    assert not is_lock_file(path)


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        (
            Kind.SOURCE,
            "a.py src/A.java x.rs x.ts x.vue x.sql x.proto x.html x.sh x.ex models.py-tpl",
        ),
        (Kind.SOURCE, "latest.py contest.go attestation.rb protest.js inspect.py testing.py"),
        (Kind.TEST, "tests/a.py src/test/java/A.java test_a.py conftest.py a_test.go a.spec.ts"),
        (Kind.TEST, "FooTest.java FooTests.cs a_spec.rb web/__tests__/a.jsx tests.py"),
        (Kind.DOCUMENTATION, "README README.md docs/a.rst LICENSE.txt a.adoc tests/README.md"),
        (Kind.CONFIGURATION, "a.toml a.yaml setup.cfg Makefile Dockerfile CMakeLists.txt x.conf"),
        (Kind.CONFIGURATION, "package.json tsconfig.json .gitignore .copilotignore .eslintrc.js"),
        (
            Kind.CONFIGURATION,
            "pom.xml go.mod Cargo.toml .editorconfig a.ini .env.example example.env",
        ),
        (Kind.DATA, "a.json a.csv a.xml a.svg a.po a.geojson a.ipynb tests/a.json a.patch"),
        (Kind.MINIFIED, "a.min.js b-min.css A.MIN.JS"),
        (Kind.GENERATED, "a.js.map a.css.map"),
        (Kind.BINARY, "a.png a.pdf a.zip a.woff2 a.jar"),
        (None, "INSTALL a.unknown noext dir.py/x"),
    ],
    ids=str,
)
def test_what_a_name_tells(kind: Kind | None, paths: str) -> None:
    assert {path: kind_of_name(path) for path in paths.split()} == dict.fromkeys(
        paths.split(), kind
    )


@pytest.mark.parametrize(
    "folder", ["vendor", "dist", "build", "out", "target", "node_modules", "third_party", "bin"]
)
def test_no_folders_name_makes_a_kind(folder: str) -> None:
    assert kind_of_name(f"{folder}/a.py") is Kind.SOURCE
