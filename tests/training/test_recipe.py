"""Recipes survive their file, and what is wrong with one is told in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.workshop.augmentation import Augmentation
from models.workshop.network import Architecture
from models.workshop.recipe import Recipe, RecipeError, read_recipe, write_recipe
from models.workshop.training import Schedule
from tagger.frontend import MelParameters

CHANGED = Recipe(
    name="mine",
    window_s=1.5,
    seeds=(3, 4, 5),
    final_steps=10,
    variants=1,
    rendered_variants=2,
    frontend=MelParameters(n_mels=80, hop_s=0.01),
    augmentation=Augmentation(mixing=0.7, max_sounds=5),
    network=Architecture(widths=(8, 16), blocks=(2,), dropout=0.1),
    training=Schedule(steps=7, windows_s=(1.0,), half_precision=False),
)


@pytest.mark.parametrize("recipe", [Recipe(), CHANGED])
def test_a_recipe_survives_its_file(tmp_path: Path, recipe: Recipe) -> None:
    write_recipe(recipe, tmp_path / "deep" / "recipe.toml")
    assert read_recipe(tmp_path / "deep" / "recipe.toml") == recipe


def test_what_a_file_leaves_out_is_as_usual(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("final_steps = 8000\n[network]\nwidths = [32, 64, 128, 256]\n[training]\nsteps = 2000\n")
    recipe = read_recipe(path)
    assert (recipe.final_steps, recipe.training.steps) == (8000, 2000)
    assert recipe.network == Architecture(widths=(32, 64, 128, 256))
    assert recipe.training == Schedule(steps=2000)
    assert recipe.augmentation == Augmentation()
    assert read_recipe(None) == Recipe()


def test_a_plan_is_what_the_recipe_says() -> None:
    plan = CHANGED.plan(("kick", "tom"), 4)
    assert plan.labels == ("kick", "tom")
    assert plan.seed == 4
    assert plan.parameters == CHANGED.frontend
    assert (plan.augmentation, plan.architecture, plan.schedule) == (
        CHANGED.augmentation,
        CHANGED.network,
        CHANGED.training,
    )
    assert CHANGED.window_frames == 150


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("steps = 3\n", "steps is unknown (there are name, window_s, "),
        ("[training]\nstep = 3\n", "training.step is unknown (there are steps, batch_size, "),
        ("[trainings]\nsteps = 3\n", "trainings is unknown"),
        ('final_steps = "many"\n', "final_steps: "),
        ("[training]\nlearning_rate = [1, 2]\n", "training.learning_rate: "),
        ("[network]\nwidths = 32\n", "network.widths: "),
        ('[network]\nwidths = [8, "wide", 8, 8]\n', "network.widths.1: "),
        ("[network]\nwidths = [8, 8, 8, 8, 8]\n", "5 widths need 4 blocks, not 3"),
        ("network = 3\n", "network: "),
        ("steps = = 3\n", "is no TOML: "),
    ],
)
def test_what_is_no_recipe_is_refused_in_a_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(content)
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    text = str(caught.value)
    assert message in text
    assert text.startswith(str(path))
    assert "\n" not in text


def test_a_recipe_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read: No such file"):
        read_recipe(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="is no TOML"):
        read_recipe(tmp_path / "binary.toml")
