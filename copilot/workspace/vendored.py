"""Folders that hold other people's code, told by what a package manager left in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

# A file's name, the folders right above it, and who writes it. The folder that is vendored is the
# outermost of these, or the file's own.
_MARKERS = {
    ".bower.json": ((), "bower"),
    ".cargo-checksum.json": ((), "cargo"),
    ".package-lock.json": (("node_modules",), "npm"),
    ".yarn-integrity": (("node_modules",), "yarn"),
    "installed.json": (("vendor", "composer"), "composer"),
    "modules.txt": (("vendor",), "go"),
    "vendor.txt": (("_vendor",), "pip"),
}


def vendored_folders(paths: Iterable[str]) -> dict[str, str]:
    """Return the vendored folders, each with a `/` at its end, and the reason for each."""
    found = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if not folder or name not in _MARKERS:
            continue
        above, writer = _MARKERS[name]
        parts = folder.split("/")
        if tuple(parts[len(parts) - len(above) :]) == above:
            top = "/".join(parts[: len(parts) - max(len(above) - 1, 0)])
            found[f"{top}/"] = f"vendored: {writer} keeps {name} in {folder}"
    return found


def vendored_reason(path: str, folders: Mapping[str, str]) -> str | None:
    """Return why a path is vendored, or None."""
    if not folders:
        return None
    return next((folders[above] for above in folders_above(path) if above in folders), None)


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders above a path, the outermost first, each with a `/` at its end."""
    end = path.find("/") + 1
    while end:
        yield path[:end]
        end = path.find("/", end) + 1
