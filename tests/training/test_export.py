"""An exported network is a model that the program opens, whatever its labels are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from models.workshop.calibration import Calibration
from models.workshop.export import export
from models.workshop.network import Network
from tagger.analysis import Analyser
from tagger.frontend import MelParameters
from tagger.recogniser import Recogniser
from tests.training.material import TINY

LABELS = ("kick", "snare", "kazoo", "door_slam")
FRONTEND = MelParameters(n_mels=48, hop_s=0.025)
# Thresholds that everything reaches: claims are then what is likeliest.
CALIBRATION = Calibration(1.3, 0.8, -0.2, (0.0,) * 4, (0.0,) * 4, 0.7)


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(1)
    made: Network = Network(FRONTEND.n_mels, len(LABELS), TINY).eval()
    return made


@pytest.fixture(scope="module")
def model(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A folder that is not there yet.
    target = tmp_path_factory.mktemp("model") / "deep" / "mine.onnx"
    export(
        network,
        CALIBRATION,
        target,
        name="mine",
        labels=LABELS,
        frontend=FRONTEND,
        window_s=1.5,
        version="9",
        description="# mine",
    )
    return target


def test_the_model_says_what_the_network_says(network: Network, model: Path) -> None:
    recogniser = Recogniser(model)
    assert recogniser.name == "mine@9"
    assert recogniser.window_frames == 60
    assert recogniser.embedding_size == 128
    for count, frames in ((1, 16), (5, 60)):
        log_mel = np.random.default_rng(0).uniform(-80, -20, (count, frames, 48)).astype(np.float32)
        with torch.no_grad():
            outputs = network(torch.from_numpy(log_mel))
        prediction = recogniser.predict(log_mel)
        np.testing.assert_allclose(prediction.single, (outputs.single / 1.3).softmax(1).numpy(), atol=1e-4)
        np.testing.assert_allclose(prediction.presence, (0.8 * outputs.presence - 0.2).sigmoid().numpy(), atol=1e-4)
        np.testing.assert_allclose(prediction.embedding, outputs.embedding.numpy(), atol=1e-4)


def test_the_card_holds_all_that_belongs_to_the_weights(model: Path) -> None:
    card = Recogniser(model).card
    assert card.labels == LABELS
    assert card.frontend == FRONTEND
    assert card.description == "# mine"
    assert (card.temperature, card.presence_scale, card.presence_offset) == (1.3, 0.8, -0.2)


@pytest.mark.parametrize("duration_s", [0.7, 9.0])
def test_a_file_is_analysed_with_labels_of_ones_own(model: Path, tmp_path: Path, duration_s: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, round(duration_s * 22050))
    soundfile.write(tmp_path / "noise.wav", noise, 22050)
    analysis = Analyser(model).analyse(tmp_path / "noise.wav")
    assert analysis.model == "mine@9"
    assert analysis.scores.shape == (4,)
    ranked = [LABELS[index] for index in np.argsort(-analysis.scores)]
    assert [each.label for each in analysis.instruments] == ranked[:3]
    assert {each.label: each.family for each in analysis.instruments}.items() <= {
        "kick": "drums",
        "snare": "drums",
        "kazoo": "kazoo",
        "door_slam": "door_slam",
    }.items()
    assert {each.label for each in analysis.tags} <= set(LABELS)
    assert analysis.tags


def test_silence_is_silence_for_any_model(model: Path) -> None:
    analysis = Analyser(model).analyse_array(np.zeros(44100, dtype=np.float32), 44100)
    assert analysis.scores.tolist() == [0] * 4
    assert not analysis.tags
