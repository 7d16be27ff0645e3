"""Settings as people meet them: a file, the environment, and a line for each slip."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tagger import settings
from tagger.errors import SettingsError
from tagger.settings import Settings, WriteSettings
from tests.command_line import Run


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "tagger.toml"
    path.touch()
    monkeypatch.setenv("TAGGER_CONFIG", str(path))
    return path


@pytest.mark.parametrize("variable", [None, ""])
def test_without_a_file_all_is_as_by_default(variable: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if variable is not None:
        monkeypatch.setenv("TAGGER_CONFIG", variable)
    assert not settings.settings_path().exists()
    assert settings.load() == Settings()
    assert settings.load().write == WriteSettings(layers=("id3", "info", "ixml", "xmp"), keep_mtime=True, ableton=False)


def test_the_file_is_read_and_the_environment_wins(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(
        '[write]\nlayers = ["ixml", "id3"]\nableton = true\n[vocabulary.ableton]\ncello = "Sounds|Strings"\n'
    )
    assert settings.load().write == WriteSettings(layers=("ixml", "id3"), ableton=True)
    assert settings.load().vocabulary.ableton == {"cello": "Sounds|Strings"}
    monkeypatch.setenv("TAGGER_WRITE__KEEP_MTIME", "no")
    monkeypatch.setenv("TAGGER_WRITE__LAYERS", "xmp, info")
    assert settings.load().write == WriteSettings(layers=("xmp", "info"), keep_mtime=False, ableton=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[write\n", "is no TOML"),
        ("[write]\nlayer = []\n", "write.layer: there is no such setting"),
        ("[right]\n", "right: there is no such setting"),
        ('[write]\nlayers = ["info"]\n', "write.layers: one of id3, ixml, xmp has to be among them"),
        ("[write]\nlayers = []\n", "write.layers: one of id3, ixml, xmp has to be among them"),
        ('[write]\nlayers = ["bext"]\n', "write.layers.0: should be 'id3', 'info', 'ixml' or 'xmp'"),
        ('[write]\nkeep_mtime = "perhaps"\n', "write.keep_mtime: should be a valid boolean"),
        ("write = 3\n", "write: should be a valid dictionary"),
        ('[vocabulary.ableton]\ncello = "Strings"\n', "the tag of cello has to be a group and a name"),
    ],
)
def test_a_slip_is_one_line_with_path_key_and_reason(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as told:
        settings.load()
    assert str(told.value).startswith(f"{file}: ")
    assert words in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["TAGGER_WRITE__KEEP_MTIME", "TAGGER_WRITE__NOTHING", "TAGGER_WRITE__LAYERS"])
def test_a_slip_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "perhaps")
    with pytest.raises(SettingsError, match=f"environment variable {name}"):
        settings.load()


def test_a_variable_that_cannot_be_read_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_WRITE", "perhaps")
    with pytest.raises(SettingsError, match="environment"):
        settings.load()


def test_a_file_that_is_named_has_to_be_there_and_be_text(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UTF-8"):
        settings.load()
    file.unlink()
    with pytest.raises(SettingsError, match="no such file, though TAGGER_CONFIG names it"):
        settings.load()


def test_the_commented_file_explains_every_key_and_changes_nothing(file: Path) -> None:
    text = settings.commented()
    file.write_text(text, encoding="utf-8")
    assert settings.load() == Settings()
    for name, field in Settings.model_fields.items():
        section = field.get_default(call_default_factory=True)
        assert f"[{name}]" in text
        for key, each in type(section).model_fields.items():
            assert key in text
            assert each.description
    said = "\n".join(
        line.removeprefix("# ") if " = " in line and "such as" not in line else line for line in text.splitlines()
    )
    assert tomllib.loads(said)["write"] == {**WriteSettings().model_dump(), "layers": list(WriteSettings().layers)}


def test_settings_spelt_out_are_read_back_the_same(file: Path) -> None:
    chosen = Settings.model_validate(
        {"write": {"layers": ("xmp",), "ableton": True}, "vocabulary": {"ableton": {"hurdy gurdy": 'Sounds|"Ü"\\'}}}
    )
    file.write_text(settings.commented(chosen), encoding="utf-8")
    assert settings.load() == chosen


def test_init_writes_a_file_that_is_then_in_force(tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tagger("config")
    assert shown.code == 0
    assert "which is not there; `tagger config --init` writes one" in shown.out
    assert "keep_mtime = true" in shown.out
    assert tagger("config", "--init").code == 0
    path = tmp_path / "no settings" / "config.toml"
    text = path.read_text(encoding="utf-8")
    again = tagger("config", "--init")
    assert again.code == 1
    assert "is there already, and stays as it is" in again.err
    path.write_text(text.replace("# keep_mtime = true", "keep_mtime = false"), encoding="utf-8")
    assert "\nkeep_mtime = false" in tagger("config").out
    (held,) = tagger("config", "--json").objects()
    assert (held["file"], held["settings"]["write"]["keep_mtime"]) == (str(path), False)
    monkeypatch.setenv("TAGGER_WRITE__ABLETON", "perhaps")
    assert "TAGGER_WRITE__ABLETON" in tagger("config").err
