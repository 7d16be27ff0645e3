from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import ModelError
from tagger.frontend import MelParameters
from tagger.model_card import ModelCard
from tagger.model_name import default_model, model_name
from tagger.recogniser import Recogniser
from tagger.taxonomy import LEAVES


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser()


def test_the_shipped_model_is_complete(recogniser: Recogniser) -> None:
    card = recogniser.card
    assert card.labels == LEAVES
    assert len(card.single_thresholds) == len(card.presence_thresholds) == 59
    assert all(0 < threshold < 1 for threshold in (*card.single_thresholds, *card.presence_thresholds))
    assert recogniser.name == f"{card.name}@{card.version}"
    assert default_model().stat().st_size <= 8_000_000
    assert "Trained on" in card.description


def test_the_name_is_read_without_loading_the_model(recogniser: Recogniser, tmp_path: Path) -> None:
    assert model_name(default_model()) == recogniser.name
    content = default_model().read_bytes()
    for bad in (b"", b"no model at all", content[: len(content) // 2], content[:-5]):
        (tmp_path / "bad.onnx").write_bytes(bad)
        with pytest.raises(ModelError, match="is no model of this program"):
            model_name(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match="cannot be read"):
        model_name(tmp_path / "nothing.onnx")


def test_the_runtime_keeps_no_book_of_its_use_in_the_users_home(tmp_path: Path) -> None:
    code = "from tagger.recogniser import Recogniser; Recogniser()"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name.lower()]


def test_probabilities_and_unit_embeddings(recogniser: Recogniser) -> None:
    rng = np.random.default_rng(0)
    frames, bands = recogniser.window_frames, recogniser.card.frontend.n_mels
    windows = rng.uniform(-90, -20, (11, frames, bands)).astype(np.float32)
    prediction = recogniser.predict(windows)
    assert prediction.single.shape == prediction.presence.shape == (11, 59)
    np.testing.assert_allclose(prediction.single.sum(axis=1), 1, rtol=1e-4)
    assert prediction.presence.min() >= 0
    assert prediction.presence.max() <= 1
    np.testing.assert_allclose(np.linalg.norm(prediction.embedding, axis=1), 1, rtol=1e-4)
    alone = recogniser.predict(windows[9:10])
    np.testing.assert_allclose(alone.single[0], prediction.single[9], rtol=1e-3, atol=1e-5)


def test_gain_does_not_matter(recogniser: Recogniser) -> None:
    rng = np.random.default_rng(1)
    window = rng.uniform(-60, -20, (1, recogniser.window_frames, recogniser.card.frontend.n_mels)).astype(np.float32)
    loud, quiet = recogniser.predict(window), recogniser.predict(window - 20)
    np.testing.assert_allclose(loud.single, quiet.single, atol=1e-4)


def test_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such model"):
        Recogniser(tmp_path / "none.onnx")


def test_a_damaged_model(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(default_model().read_bytes()[:5000])
    with pytest.raises(ModelError, match="damaged"):
        Recogniser(broken)


def test_a_card_survives_its_json() -> None:
    card = ModelCard(
        name="mine",
        version="2.1",
        frontend=MelParameters(n_mels=80, hop_s=0.01),
        window_s=1.5,
        labels=LEAVES,
        temperature=1.2,
        presence_scale=0.9,
        presence_offset=-0.1,
        single_thresholds=(0.5,) * 59,
        presence_thresholds=(0.4,) * 59,
        family_threshold=0.7,
        description="# mine",
    )
    assert ModelCard.from_json(card.to_json()) == card
    assert ModelCard.from_json(replace(card, version="3").to_json()) != card


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"format": 99}', '{"format": 1, "name": "x"}'])
def test_a_foreign_card_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        ModelCard.from_json(text)
