from __future__ import annotations

import pytest

from copilot.workspace.vendored import vendored_folders, vendored_reason


@pytest.mark.parametrize(
    ("marker", "folder"),
    [
        ("third/serde/.cargo-checksum.json", "third/serde/"),
        ("vendor/modules.txt", "vendor/"),
        ("src/vendor/modules.txt", "src/vendor/"),
        ("vendor/composer/installed.json", "vendor/"),
        ("web/node_modules/.package-lock.json", "web/node_modules/"),
        ("pip/_vendor/vendor.txt", "pip/_vendor/"),
        ("static/jquery/.bower.json", "static/jquery/"),
    ],
)
def test_what_a_package_manager_left(marker: str, folder: str) -> None:
    folders = vendored_folders(["README", marker])
    assert list(folders) == [folder]
    assert vendored_reason(f"{folder}deep/a.py", folders) == folders[folder]
    assert vendored_reason(f"x{folder}a.py", folders) is None


@pytest.mark.parametrize(
    "path",
    [
        *(".cargo-checksum.json", "modules.txt", "docs/modules.txt", "composer/installed.json"),
        *("vendor/installed.json", "vendor/a.go", "myvendor/modules.txt", "vendor/x/modules.txt"),
    ],
)
def test_what_marks_no_folder(path: str) -> None:
    assert vendored_folders([path]) == {}
