"""The network: a small residual CNN over a log-mel window, with two heads and an embedding.

Input is (batch, frames, n_mels) log-mel in dB; levels are taken relative to the window's peak inside the
network, so that gain does not matter and no caller can forget to normalise. Plain 3x3 convolutions with
ReLU and few channels, because ONNX Runtime runs those fastest on a CPU. Pooling keeps the frequency
axis: where in the spectrum something happens matters, when does not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

DYNAMIC_RANGE_DB = 80.0
EMBEDDING_SIZE = 128


@dataclass(frozen=True, slots=True)
class Architecture:
    """The shape of a network.

    Attributes:
        widths: channels of the stem and of the stages after it; each halves time and frequency.
        blocks: residual blocks of each stage.
        dropout: share of pooled features dropped in training.
    """

    widths: tuple[int, ...] = (16, 32, 64, 128)
    blocks: tuple[int, ...] = (1, 1, 1)
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.blocks) + 1:
            raise ValueError(f"{len(self.widths)} widths need {len(self.widths) - 1} blocks, not {len(self.blocks)}")


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network says of a batch.

    Attributes:
        single: (batch, labels) logits for a recording of one instrument (softmax).
        presence: (batch, labels) logits of each instrument sounding at all (sigmoid).
        embedding: (batch, 128) of unit length.
    """

    single: Tensor
    presence: Tensor
    embedding: Tensor


class _Residual(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False), nn.BatchNorm2d(channels_out)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class Network(nn.Module):
    """The recogniser."""

    def __init__(self, n_mels: int, n_labels: int, architecture: Architecture) -> None:
        super().__init__()
        widths = architecture.widths
        self.n_mels = n_mels
        self.stem = nn.Sequential(
            nn.Conv2d(1, widths[0], 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
        )
        stages = zip(itertools.pairwise(widths), architecture.blocks, strict=True)
        self.stages = nn.Sequential(*(_stage(before, after, blocks) for (before, after), blocks in stages))
        bands = -(-n_mels // 2 ** len(widths))
        self.embed = nn.Linear(2 * widths[-1] * bands, EMBEDDING_SIZE)
        self.dropout = nn.Dropout(architecture.dropout)
        self.single = nn.Linear(EMBEDDING_SIZE, n_labels)
        # A way of its own from what the stages hear: it is taught to hear several sounds at once when they have learnt.
        self.presence = nn.Sequential(
            nn.Linear(self.embed.in_features, EMBEDDING_SIZE), nn.ReLU(), nn.Linear(EMBEDDING_SIZE, n_labels)
        )

    def forward(self, log_mel: Tensor) -> Outputs:
        """Asks about (batch, frames, n_mels) log-mel in dB; any number of frames from 16 on."""
        pooled = self.dropout(self.pooled(log_mel))
        hidden = torch.relu(self.embed(pooled))
        return Outputs(
            single=self.single(hidden),
            presence=self.presence(pooled),
            embedding=nn.functional.normalize(hidden, dim=1),
        )

    def pooled(self, log_mel: Tensor) -> Tensor:
        """What both heads start from: mean and maximum over time of each channel and band."""
        features = self.stages(self.stem(_relative(log_mel).unsqueeze(1)))
        return torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1).flatten(1)


def _relative(log_mel: Tensor) -> Tensor:
    """Levels relative to the window's peak, -1 to 1."""
    peak = log_mel.amax(dim=(1, 2), keepdim=True)
    return (log_mel - peak).clamp(-DYNAMIC_RANGE_DB, 0.0) * (2 / DYNAMIC_RANGE_DB) + 1.0


def _stage(channels_in: int, channels_out: int, blocks: int) -> nn.Sequential:
    first = _Residual(channels_in, channels_out, stride=2)
    return nn.Sequential(first, *(_Residual(channels_out, channels_out, stride=1) for _ in range(blocks - 1)))
