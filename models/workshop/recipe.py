"""The recipe of a model: everything that is chosen, in one TOML file.

Whatever a file leaves out has the value of the shipped recipe. Example:

    final_steps = 8000

    [network]
    widths = [32, 64, 128, 256]

    [training]
    steps = 2000
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

import tomli_w
from pydantic import TypeAdapter, ValidationError

from models.workshop.augmentation import Augmentation
from models.workshop.network import Architecture
from models.workshop.training import Plan, Schedule
from tagger.errors import TaggerError
from tagger.frontend import MelParameters


class RecipeError(TaggerError):
    """Raised when a recipe cannot be followed."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a build does.

    Attributes:
        name: of the model.
        window_s: length of the windows that the network is asked about.
        folds: libraries to leave out at a time, as in "iowa+keys"; without any, each is left out by itself. Several
            at once take fewer networks, and figures are then on the safe side.
        seeds: one network a seed is trained for each fold; figures are means over them.
        final_steps: length of the training on everything.
        variants: rows for each recorded clip: the clip itself, and so many distorted ones more.
        rendered_variants: the same for rendered clips.
        frontend: parameters of the log-mel frontend.
        augmentation: how batches are varied.
        network: its shape.
        training: how it learns.
    """

    name: str = "instruments"
    window_s: float = 2.0
    folds: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (1,)
    final_steps: int = 9000
    variants: int = 4
    rendered_variants: int = 3
    frontend: MelParameters = field(default_factory=MelParameters)
    augmentation: Augmentation = field(default_factory=Augmentation)
    network: Architecture = field(default_factory=Architecture)
    training: Schedule = field(default_factory=Schedule)

    def plan(self, labels: tuple[str, ...], seed: int) -> Plan:
        """What `models.workshop.training.train` is to do for one network."""
        return Plan(labels, self.frontend, self.augmentation, self.network, self.training, seed)

    @property
    def window_frames(self) -> int:
        """Frames of a window."""
        return round(self.window_s / self.frontend.hop_s)


def read_recipe(path: Path | None) -> Recipe:
    """Reads a recipe; without a path, the shipped one.

    Raises:
        RecipeError: the file is missing, no TOML, or holds something that no recipe has.
    """
    if path is None:
        return Recipe()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(path, f"is no TOML: {error}") from error
    _refuse_unknown(path, Recipe, values, "")
    try:
        return TypeAdapter(Recipe).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecipeError(path, f"{place}: {first['msg']}") from error


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Writes all values as TOML, as `read_recipe` takes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_toml(recipe), encoding="utf-8")


def as_toml(recipe: Recipe) -> str:
    """All values of a recipe as TOML."""
    return tomli_w.dumps(dataclasses.asdict(recipe))


def _refuse_unknown(path: Path, kind: type[Any], values: dict[str, Any], place: str) -> None:
    kinds = get_type_hints(kind)
    for name, value in values.items():
        if name not in kinds:
            raise RecipeError(path, f"{place}{name} is unknown", f"there are {', '.join(kinds)}")
        if isinstance(value, dict) and dataclasses.is_dataclass(kinds[name]):
            _refuse_unknown(path, kinds[name], value, f"{place}{name}.")
