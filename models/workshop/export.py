"""Export: a trained network and its calibration to one ONNX file that `tagger.recogniser` opens."""

from __future__ import annotations

import logging
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from models.workshop.calibration import Calibration
from models.workshop.network import Network
from tagger.frontend import MelParameters
from tagger.model_card import ModelCard
from tagger.model_name import METADATA_KEY

_OUTPUTS = ["single", "presence", "embedding"]


def export(
    network: Network,
    calibration: Calibration,
    target: Path,
    *,
    name: str,
    labels: tuple[str, ...],
    frontend: MelParameters,
    window_s: float,
    version: str,
    description: str,
) -> None:
    """Writes the ONNX file and checks that it says what the network says.

    Raises:
        ValueError: the exported file gives other numbers than the network (more than 1e-3).
    """
    card = ModelCard(
        name=name,
        version=version,
        frontend=frontend,
        window_s=window_s,
        labels=labels,
        description=description,
        **asdict(calibration),
    )
    wrapped = _AsTuple(network.to(memory_format=torch.contiguous_format)).eval()
    example = torch.randn(2, 100, frontend.n_mels) * 20 - 60
    # The exporter talks of libraries that are not needed here, and of its own old ways.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        program = torch.onnx.export(
            wrapped,
            (example,),
            dynamo=True,
            input_names=["log_mel"],
            output_names=_OUTPUTS,
            dynamic_shapes={"log_mel": {0: torch.export.Dim("batch"), 1: torch.export.Dim("frames", min=16)}},
            verbose=False,
        )
    proto = program.model_proto
    onnx.helper.set_model_props(proto, {METADATA_KEY: card.to_json()})
    onnx.checker.check_model(proto)
    target.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(proto, target)
    _compare(wrapped, target, frontend.n_mels)


class _AsTuple(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, log_mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        outputs = self.network(log_mel)
        return outputs.single, outputs.presence, outputs.embedding


@torch.no_grad()
def _compare(wrapped: nn.Module, target: Path, n_mels: int) -> None:
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    for batch, frames in ((1, 150), (3, 75)):
        log_mel = torch.randn(batch, frames, n_mels) * 20 - 60
        exported = session.run(_OUTPUTS, {"log_mel": log_mel.numpy()})
        for ours, theirs in zip(wrapped(log_mel), exported, strict=True):
            difference = float(np.abs(ours.numpy() - theirs).max())
            if difference > 1e-3:
                raise ValueError(f"{target}: differs from the network by {difference:.2g}")
