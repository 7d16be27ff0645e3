"""Needs PyTorch: run by `make test-training` in the training environment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.workshop.calibration import Calibration
from models.workshop.clips import Clip, Fold
from models.workshop.export import export
from models.workshop.features import FRAMES, Store
from models.workshop.held_out import predict_held_out
from models.workshop.network import Network
from models.workshop.sampling import Mixer, Sampler
from models.workshop.training import Recipe, train
from tagger.frontend import MelParameters
from tagger.recogniser import Recogniser
from tagger.taxonomy import LEAVES

RECIPE = Recipe(steps=30, batch_size=16, widths=(8, 8, 16, 16), learning_rate=5e-3)


@pytest.fixture
def material() -> tuple[list[Clip], Store]:
    """Four leaves, each a band of its own, from two libraries."""
    rng = np.random.default_rng(0)
    clips, rows, owners = [], [], []
    for number in range(64):
        band = number % 4
        clips.append(Clip(Path("x"), LEAVES[band * 10], "ab"[number % 8 // 4], f"g{number}", is_real=True))
        log_mel = rng.uniform(-110, -100, (FRAMES, 64))
        log_mel[:60, band * 16 : band * 16 + 12] = rng.uniform(-40, -30, (60, 12))
        rows.append(log_mel.astype(np.float16))
        owners.append(number)
    return clips, Store(np.stack(rows), np.array(owners, dtype=np.int32))


def test_learns_and_judges_the_library_it_never_heard(material: tuple[list[Clip], Store], tmp_path: Path) -> None:
    clips, store = material
    recipe = replace(RECIPE, steps=150)
    network = train(clips, store, recipe, fold=Fold("b"), checkpoint=tmp_path / "b.pt")
    predictions = predict_held_out(network, clips, store, fold=Fold("b"), frames=100)
    assert len(predictions.leaf) == 32
    assert np.mean(predictions.single.argmax(axis=1) == predictions.leaf) > 0.9


def test_goes_on_from_a_checkpoint(material: tuple[list[Clip], Store], tmp_path: Path) -> None:
    clips, store = material
    checkpoint = tmp_path / "run.pt"
    train(clips, store, RECIPE, fold=Fold(""), checkpoint=checkpoint)
    saved = torch.load(checkpoint, weights_only=True)
    again = train(clips, store, RECIPE, fold=Fold(""), checkpoint=checkpoint)
    assert saved["step"] == RECIPE.steps
    assert torch.equal(again.embed.weight, saved["averaged"]["embed.weight"])


def test_batches_repeat_with_their_seed_and_hold_no_excluded_library(material: tuple[list[Clip], Store]) -> None:
    clips, store = material
    batches = [Mixer(clips, store, Sampler(clips, store, Fold("a"), 3), 3).batch(32) for _ in range(2)]
    assert torch.equal(batches[0].log_mel, batches[1].log_mel)
    assert torch.isfinite(batches[0].log_mel).all()
    rows, _ = Sampler(clips, store, Fold("a"), 3).rows(200)
    assert {clips[store.clip[row]].library for row in rows} == {"b"}
    several = ~batches[0].is_single
    assert (batches[0].presence[several].sum(1) == 2).all()


def test_an_exported_network_is_a_model_of_the_product(tmp_path: Path) -> None:
    calibration = Calibration(1.0, 1.0, 0.0, (0.5,) * 59, (0.5,) * 59, 0.7)
    target = tmp_path / "mine.onnx"
    network = Network(64, (8, 8, 16, 16)).eval()
    export(network, calibration, target, frontend=MelParameters(), window_s=2.0, version="9", description="# mine")
    recogniser = Recogniser(target)
    assert recogniser.name == "instruments@9"
    log_mel = np.random.default_rng(0).uniform(-80, -20, (2, 100, 64)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(log_mel)).single.softmax(1).numpy()
    np.testing.assert_allclose(recogniser.predict(log_mel).single, expected, atol=1e-4)
    assert json.loads(recogniser.card.to_json())["labels"] == list(LEAVES)
