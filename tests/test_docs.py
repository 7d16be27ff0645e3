"""Documents that say what is there: commands, options, names, links."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import typer

import models.__main__
import tagger
from daemon import cli
from tagger.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPTS = (ROOT / "docs" / "scripts.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("demo/*.md")])
TEXTS = {path: path.read_text(encoding="utf-8") for path in DOCUMENTS}
COMMAND: Any = typer.main.get_command(cli.app)
WORKSHOP: Any = typer.main.get_command(models.__main__.app)


def _blocks(text: str, *languages: str) -> Iterator[str]:
    for language, body in re.findall(r"^```(\w+)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        if language in languages:
            yield body


def _typed(text: str) -> Iterator[str]:
    """The `tagger …` lines of code blocks."""
    lines = [line for block in _blocks(text, "sh", "powershell") for line in block.splitlines()]
    yield from (line for line in lines if line.startswith("tagger "))


@pytest.mark.parametrize("line", sorted({line for text in TEXTS.values() for line in _typed(text)}))
def test_documented_command_can_be_typed(line: str) -> None:
    arguments = shlex.split(line.replace("\\", "/"))[1:]
    with COMMAND.make_context("tagger", arguments) as context:
        name, command, rest = COMMAND.resolve_command(context, [*context._protected_args, *context.args])
        with command.make_context(name, rest, parent=context) as inner:
            words = [*inner._protected_args, *inner.args]
            if hasattr(command, "commands") and words:
                name, command, rest = command.resolve_command(inner, words)
                command.make_context(name, rest, parent=inner).close()


def test_commands_and_options_named_in_sentences_exist() -> None:
    everywhere = {"--help", *_options(COMMAND)}
    for text in TEXTS.values():
        for line in re.findall(r"`tagger ([^`\n]+)`", text):
            command, rest = COMMAND, [word for word in line.split() if word not in everywhere]
            while rest and hasattr(command, "commands") and not rest[0].startswith("--"):
                assert rest[0] in command.commands, line
                command = command.commands[rest.pop(0)]
            assert {word for word in rest if word.startswith("--")} <= _options(command)


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def _all_commands(command: Any) -> Iterator[Any]:
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from _all_commands(inner)


def test_readme_names_every_command() -> None:
    missing = [name for name in COMMAND.commands if f"tagger {name}" not in README]
    assert not missing


def test_every_command_can_be_read_about() -> None:
    everything = "\n".join(TEXTS.values())
    missing = [name for name in _names(COMMAND, "tagger") if name not in everything]
    assert not missing


def _names(command: Any, name: str) -> Iterator[str]:
    for inner, held in getattr(command, "commands", {}).items():
        yield from _names(held, f"{name} {inner}")
    if not hasattr(command, "commands"):
        yield name


def test_every_setting_can_be_read_about() -> None:
    keys = [
        f"{section}.{key}"
        for section, field in Settings.model_fields.items()
        for key in field.get_default(call_default_factory=True).__class__.model_fields
    ]
    assert keys
    assert not [key for key in keys if f"`{key}`" not in SETTINGS]


def test_options_named_in_documents_exist() -> None:
    known = set().union(*map(_options, (*_all_commands(COMMAND), *_all_commands(WORKSHOP))))
    named = {option for text in TEXTS.values() for option in re.findall(r"`(--[a-z][a-z-]*)", text)}
    assert named <= known


def test_named_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = {
        target
        for text in TEXTS.values()
        for target in re.findall(r"(?:^|`)make (?:\w+=\S+ )?([a-z-]+)[`\n]", text, flags=re.MULTILINE)
    }
    assert {"demo", "test", "setup", "lint", "bench", "train"} <= named <= targets


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", TEXTS[path])
    assert not [link for link in links if not (path.parent / link).exists()]


def test_named_modules_and_files_exist() -> None:
    named = {
        name
        for text in TEXTS.values()
        for name in re.findall(r"`((?:tagger|daemon|models|tests|docs|demo|benchmarks|requirements)/[\w./-]+)`", text)
    }
    assert not [name for name in named if not (ROOT / name).exists()]


def test_example_for_python_runs(tmp_path: Path) -> None:
    (example,) = _blocks(SCRIPTS, "python")
    noise = np.random.default_rng(0).normal(0, 0.1, 22_050) * np.geomspace(1, 1e-4, 22_050)
    soundfile.write(tmp_path / "drum loop.wav", noise, 44_100)
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    assert done.stdout.startswith("one-shot None\n")


def test_what_the_library_exports_can_be_read_about() -> None:
    assert list(tagger.__all__) == sorted(
        tagger.__all__, key=lambda name: (not name.isupper(), name.lower() == name, name)
    )
    missing = [name for name in tagger.__all__ if not re.search(rf"`{name}[`(]", SCRIPTS)]
    assert not missing


def test_all_lists_exactly_what_the_library_imports() -> None:
    tree = ast.parse(Path(tagger.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tagger.")
        for alias in node.names
    }
    assert imported == set(tagger.__all__)


@pytest.mark.parametrize("name", tagger.__all__)
def test_every_exported_name_resolves(name: str) -> None:
    assert getattr(tagger, name).__doc__
