"""What a user may choose for good: one validated model, from one file and the environment.

The file is TOML; a variable such as `TAGGER_WRITE__KEEP_MTIME=false` wins over it, and what neither says
keeps its default. A section is a model here, a setting a field of it whose description is all the
documentation there is: `commented()` makes the file that `tagger config --init` writes from it, so the two
cannot drift apart. To add a setting, add the field. A slip in the file is one line that names the file,
the key and the reason; nothing runs on half-understood settings.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariableError

from tagger.errors import SettingsError, reason_of

LayerName = Literal["id3", "info", "ixml", "xmp"]
WithName = Literal["colour", "comment", "group", "markers"]

CONFIG_VARIABLE: Final = "TAGGER_CONFIG"
"""Names the file of settings, instead of the user's own."""

_PREFIX: Final = "TAGGER_"
_JOINT: Final = "__"
_HOLDING_THE_MARK: Final = ("id3", "ixml", "xmp")
_SPAN: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d")


class Section(BaseModel):
    """Base of all sections: what is not known is refused, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class WriteSettings(Section):
    """How tags are written into files, where that is asked for."""

    layers: Annotated[tuple[LayerName, ...], NoDecode] = Field(
        default=("id3", "info", "ixml", "xmp"),
        description="Where tags go in WAV files. One of id3, ixml and xmp has to be among them, since the mark by "
        "which the program knows its own tags stands there. Other formats have one place and ignore this.",
    )
    keep_mtime: bool = Field(
        default=True,
        description="Whether files keep their time of modification when tags are written. Say false for databases "
        "that look at files again only when that has changed.",
    )
    ableton: bool = Field(
        default=False,
        description="Whether Ableton Live 12 is told too, by the file in which it keeps the tags of a folder.",
    )

    @field_validator("layers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """A variable of the environment holds the names with commas between."""
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("layers")
    @classmethod
    def _must_hold_the_mark(cls, value: tuple[LayerName, ...]) -> tuple[LayerName, ...]:
        if not set(value) & set(_HOLDING_THE_MARK):
            raise ValueError(f"one of {', '.join(_HOLDING_THE_MARK)} has to be among them")
        return tuple(dict.fromkeys(value))


class VocabularySettings(Section):
    """How labels are spelt for other programs."""

    ableton: dict[str, str] = Field(
        default_factory=dict,
        description='Tags of Ableton Live by label, such as cello = "Sounds|Strings", where Live\'s own is not known '
        "to the program or you want another.",
    )

    @field_validator("ableton")
    @classmethod
    def _must_name_a_group(cls, value: dict[str, str]) -> dict[str, str]:
        for label, tag in value.items():
            if not all(part.strip() for part in tag.split("|")) or "|" not in tag:
                raise ValueError(f'the tag of {label} has to be a group and a name, such as "Sounds|Strings"')
        return value


class DaemonSettings(Section):
    """How the daemon watches folders and works in the background."""

    workers: int = Field(
        default=1, ge=1, le=64, description="How many files are analysed at a time. One is no burden beside a DAW."
    )
    settle_s: float = Field(
        default=5.0,
        ge=0.1,
        le=3600,
        description="For how many seconds a file has to stand still before it is read, so that none is read half.",
    )
    scan_every_min: float = Field(
        default=60.0,
        ge=1,
        description="After how many minutes a folder is looked through again, though the system tells of changes.",
    )
    poll_every_min: float = Field(
        default=10.0,
        ge=0.05,
        description="The same for folders of which the system does not tell: on servers, and where you asked for it.",
    )
    forget_after_days: float = Field(
        default=30.0,
        ge=1,
        description="After how many days a file is forgotten that is gone from a folder which is there. What you said "
        "of it is kept for ever.",
    )
    quiet_hours: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description='When nothing is analysed or written, by the clock, such as ["09:00-18:00"].'
    )

    @field_validator("quiet_hours", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """A variable of the environment holds the times with commas between."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("quiet_hours")
    @classmethod
    def _must_be_times(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if not _SPAN.fullmatch(text):
                raise ValueError(f'"{text}" is no span of time, such as "22:00-06:30"')
        return value


class ApiSettings(Section):
    """How other programs and pages reach the daemon, over HTTP."""

    is_on: bool = Field(default=True, description="Whether the daemon answers at all.")
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address to listen at. Any but the default lets other machines in, and then every request "
        "needs the token, and the page a password. What is sent can be read on the way; put a server with TLS before "
        "it, or go through ssh.",
    )
    port: int = Field(default=8437, ge=0, le=65535, description="The port to listen at; 0 takes any that is free.")
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description='Names by which other machines reach this one, such as ["studio.local"]; others are refused.',
    )

    @field_validator("hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """A variable of the environment holds the names with commas between."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class OscSettings(Section):
    """How the daemon hears live audio, from plugins in a DAW and other programs of this machine, over OSC."""

    is_on: bool = Field(
        default=False,
        description="Whether the daemon hears live audio, as `tagger osc` does. It rests while a DAW plays then.",
    )
    port: int = Field(default=9720, ge=1, le=65535, description="The UDP port to listen at, on this machine only.")
    daws: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="DAWs for whose tracks names are suggested, any of ardour, ableton, reaper and bitwig; as in "
        '["reaper=8000:9000"] with another port to send to, and to listen at.',
    )
    rename: bool = Field(
        default=False, description="Whether tracks that have their default name are renamed, instead of suggesting."
    )
    also: Annotated[tuple[WithName, ...], NoDecode] = Field(
        default=(),
        description="What else is set where a track is named: colour, comment, group, markers, as far as the DAW can.",
    )

    @field_validator("daws", "also", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """A variable of the environment holds the names with commas between."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Settings(BaseSettings):
    """All sections. Made by `load`."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter=_JOINT, extra="forbid", frozen=True)

    write: WriteSettings = WriteSettings()
    vocabulary: VocabularySettings = VocabularySettings()
    daemon: DaemonSettings = DaemonSettings()
    api: ApiSettings = ApiSettings()
    osc: OscSettings = OscSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over what is given, which is the file."""
        return env_settings, init_settings


def settings_path() -> Path:
    """Where the file is: as TAGGER_CONFIG says, else in the user's folder for settings. It need not be there."""
    if chosen := os.environ.get(CONFIG_VARIABLE):
        return Path(chosen)
    from platformdirs import user_config_path

    return user_config_path("tagger", appauthor=False) / "config.toml"


def load() -> Settings:
    """The settings in force.

    Raises:
        SettingsError: the file cannot be read, or it or the environment says something that cannot be. A file
            that TAGGER_CONFIG names has to be there.
    """
    path = settings_path()
    try:
        return Settings(**_content(path))
    except UnreadableVariableError as error:
        raise SettingsError(path, f"{error} (from the environment)", "correct or unset the variable") from None
    except ValidationError as error:
        reasons = "; ".join(map(_reason, error.errors(include_url=False)))
        raise SettingsError(path, reasons, "`tagger config --init` writes a file that explains every key") from None


def commented(settings: Settings | None = None) -> str:
    """The text of a settings file that explains itself.

    Args:
        settings: to be spelt out; None for the defaults, each behind a `#`, so that the file changes nothing.
    """
    lines: list[str] = []
    for name, field in Settings.model_fields.items():
        section = getattr(settings, name) if settings else field.get_default(call_default_factory=True)
        lines += _section(name, section, is_quiet=settings is None)
    return "\n".join(lines)


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if not os.environ.get(CONFIG_VARIABLE):
            return {}
        raise SettingsError(path, "no such file, though TAGGER_CONFIG names it", "correct or unset that") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, f"is no TOML: {error}", "correct it there") from None
    except UnicodeDecodeError:
        raise SettingsError(path, "is no text in UTF-8", "save it as such") from None
    except OSError as error:
        raise SettingsError(path, f"cannot be read: {reason_of(error)}") from None


def _reason(error: ErrorDetails) -> str:
    """One thing that is wrong, as in "write.keep_mtime: should be a valid boolean"."""
    names = [str(part) for part in error["loc"]]
    what = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if error["type"] == "extra_forbidden":
        what = "there is no such setting"
    variables = (_PREFIX + _JOINT.join(names[:count]).upper() for count in range(len(names), 0, -1))
    set_here = {name.upper() for name in os.environ}
    blamed = next((f" (from the environment variable {name})" for name in variables if name in set_here), "")
    return f"{'.'.join(names)}: {what}{blamed}"


def _section(name: str, section: BaseModel, *, is_quiet: bool) -> Iterator[str]:
    mark = "# " if is_quiet else ""
    yield from _wrapped(type(section).__doc__ or "")
    yield from (f"[{name}]", "")
    tables: list[tuple[str, str, Mapping[str, object]]] = []
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        if isinstance(value, Mapping):
            tables.append((key, field.description or "", value))
            continue
        yield from _wrapped(field.description or "")
        yield from (f"{mark}{key} = {_toml(value)}", "")
    for key, description, table in tables:
        yield from _wrapped(description)
        yield f"{mark}[{name}.{key}]"
        yield from (f"{mark}{_toml(each)} = {_toml(value)}" for each, value in table.items())
        yield ""


def _wrapped(text: str) -> Iterator[str]:
    import textwrap

    yield from textwrap.wrap(text, 100, initial_indent="# ", subsequent_indent="# ")


def _toml(value: object) -> str:
    """Texts, numbers, truth values and lists are spelt in TOML as in JSON."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
