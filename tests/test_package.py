"""What is shipped and how it hangs together: the wheel, and which room may look into which."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS_BELOW = {
    "tagger": {"tagger"},
    "osc_bridge": {"osc_bridge", "tagger"},
    "daemon": {"daemon", "osc_bridge", "tagger"},
    "models": {"models", "tagger"},
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        os.fspath(folder),
        os.fspath(ROOT),
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not built.returncode, built.stdout + built.stderr
    (archive,) = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_wheel_holds_the_program_its_model_and_nothing_else(wheel: Path) -> None:
    names = {path.name for path in wheel.iterdir()}
    assert names == {
        "tagger",
        "daemon",
        "osc_bridge",
        "models",
        f"instrument_tagger-{version('instrument-tagger')}.dist-info",
    }
    assert (wheel / "models" / "instruments.onnx").stat().st_size == (
        ROOT / "models" / "instruments.onnx"
    ).stat().st_size
    assert not (wheel / "models" / "workshop").exists()
    for room in ("tagger", "daemon", "osc_bridge"):
        assert _files(wheel / room) == {name for name in _files(ROOT / room) if not name.startswith("plugin/")}


def test_model_fits_the_size_that_was_promised() -> None:
    assert (ROOT / "models" / "instruments.onnx").stat().st_size <= 8_000_000


def test_wheel_gives_the_command_and_the_licence(wheel: Path) -> None:
    (metadata,) = wheel.glob("*.dist-info")
    assert "tagger = daemon.cli:main" in (metadata / "entry_points.txt").read_text()
    assert (metadata / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_unpacked_wheel_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.fspath(wheel)}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-P", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    assert run("-m", "daemon", "--version").split() == ["tagger", version("instrument-tagger")]
    where = run("-c", "import daemon, tagger.recogniser as r; print(daemon.__file__, r.Recogniser().path, sep='\\n')")
    assert [Path(line).is_relative_to(wheel) for line in where.splitlines()] == [True, True]


def test_installed_daemon_is_ours() -> None:
    # PyPI's python-daemon has a package of this name too; what is installed last would win.
    import daemon

    assert Path(daemon.__file__ or "").parent == ROOT / "daemon"
    (command,) = entry_points(group="console_scripts", name="tagger")
    assert command.load() is __import__("daemon.cli").cli.main


def test_rooms_look_down_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for room, below in ROOMS_BELOW.items()
        for path in sorted((ROOT / room).rglob("*.py"))
        for module in _imports(path)
        if module.partition(".")[0] in ROOMS_BELOW.keys() - below
    ]
    assert not wrong


def test_nothing_below_the_page_knows_it_or_its_library() -> None:
    web = ROOT / "daemon" / "web"
    below = [path for room in ROOMS_BELOW for path in (ROOT / room).rglob("*.py") if web not in path.parents]
    inside = [path for path in below if path.parent != ROOT / "daemon"]
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in below
        for module in _imports(path)
        if module.partition(".")[0] == "nicegui" or (path in inside and module.startswith("daemon.web"))
    ]
    assert not wrong


def test_what_is_done_on_the_page_does_not_know_how_it_is_shown() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in (ROOT / "daemon" / "web" / "work").glob("*.py")
        for module in _imports(path)
        if module.startswith("nicegui")
        or (module.startswith("daemon.web.") and not module.startswith("daemon.web.work"))
    ]
    assert not wrong


def test_only_the_workshop_knows_torch_and_nothing_shipped_knows_the_workshop() -> None:
    shipped = [path for room in ROOMS_BELOW for path in (ROOT / room).rglob("*.py") if room != "models"]
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in shipped
        for module in _imports(path)
        if module.partition(".")[0] == "torch" or module.startswith("models.workshop")
    ]
    assert not wrong


@pytest.mark.parametrize(
    "heavy",
    [
        "librosa",
        "numba",
        "onnxruntime",
        "scipy.signal",
        "sqlalchemy",
        "alembic",
        "fastapi",
        "av",
        "pydantic",
        "nicegui",
    ],
)
def test_importing_the_library_loads_nothing_heavy(heavy: str) -> None:
    code = f"import sys, tagger; sys.exit({heavy!r} in sys.modules)"
    assert not subprocess.run([sys.executable, "-c", code], check=False).returncode


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }


def _imports(path: Path) -> Iterator[str]:
    """Modules that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relative to itself"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
