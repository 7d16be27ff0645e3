"""What batches are made of: that their labels say exactly what sounds in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.workshop.augmentation import Augmentation
from models.workshop.clips import Clip, Fold
from models.workshop.features import Store
from models.workshop.mixing import Batch, Mixer
from models.workshop.sampling import Sampler
from tagger.frontend import MelParameters
from tests.training.material import BANDS, LABELS, NOTHING, material, spectrogram, store_of

CPU = torch.device("cpu")
EVERYTHING = Fold("")


def batch_of(
    clips: Sequence[Clip],
    store: Store,
    augmentation: Augmentation,
    *,
    size: int = 400,
    frames: Sequence[int] = (60,),
    seed: int = 3,
    fold: Fold = EVERYTHING,
) -> Batch:
    sampler = Sampler(clips, store, fold.trains_on, seed)
    mixer = Mixer(
        clips,
        LABELS,
        store,
        sampler,
        augmentation,
        parameters=MelParameters(),
        frames=frames,
        seed=seed,
        device=CPU,
    )
    return mixer.batch(size)


def levels_db(batch: Batch) -> Tensor:
    """(batch, labels) level of each label's bands below the loudest."""
    levels = torch.stack([part.amax(dim=(1, 2)) for part in batch.log_mel[:, :, :60].split(BANDS, dim=2)], dim=1)
    return levels - levels.amax(dim=1, keepdim=True)


def assert_labels_say_what_sounds(batch: Batch, *, sounds: int) -> None:
    """Where each label may have been drawn several times, levels add: up, or up in what they are measured by."""
    levels, present, judged = levels_db(batch), batch.presence > 0.5, batch.is_judged > 0.5
    least_db, faintest_db = -18.1 - 10 * np.log10(max(1, sounds - 1)), -17.9 + 10 * np.log10(max(1, sounds - 1))
    assert judged[present].all()
    assert (levels[present] > least_db).all()
    assert (levels[judged & ~present] < -60).all()
    assert (levels[~judged] < faintest_db).all()


def one_of_each(*, unknown: frozenset[str] = frozenset()) -> list[Clip]:
    return [Clip(Path(label), (label,), "a", f"g-{label}", unknown=unknown - {label}) for label in LABELS]


def test_batches_repeat_with_their_seed_and_only_with_it() -> None:
    clips, store = material()
    wild = Augmentation(mixing=0.8, max_sounds=5, max_notes=3, style=0.5, mixup=0.5)
    one, same, other = (batch_of(clips, store, wild, frames=(40, 60), seed=seed) for seed in (3, 3, 4))
    for name in Batch.__slots__:
        assert torch.equal(getattr(one, name), getattr(same, name))
    assert one.log_mel.shape != other.log_mel.shape or not torch.equal(one.log_mel, other.log_mel)
    assert torch.isfinite(one.log_mel).all()
    assert one.log_mel.dtype == torch.float32


def test_no_batch_holds_an_excluded_library() -> None:
    clips, _ = material()
    # Library "a" is heard by a band that no label has.
    rows = np.stack([spectrogram(clip.labels) for clip in clips])
    rows[[clip.library == "a" for clip in clips], :, 62] = -30
    store = Store(rows, np.arange(len(clips), dtype=np.int32))
    wild = replace(NOTHING, notes=0.8, max_notes=3, mixing=0.9, max_sounds=5)
    for held_out, is_heard in (("a", False), ("b", True)):
        log_mel = batch_of(clips, store, wild, fold=Fold(held_out)).log_mel
        assert bool((log_mel[:, :, 62] > log_mel.amax(dim=(1, 2))[:, None] - 60).any()) == is_heard


def test_windows_are_as_long_as_one_of_the_lengths() -> None:
    clips, store = material()
    lengths = {
        batch_of(clips, store, NOTHING, frames=(40, 60), size=2, seed=seed).log_mel.shape[1] for seed in range(9)
    }
    assert lengths == {40, 60}


def test_labels_are_drawn_by_their_sources_however_many_clips_they_have() -> None:
    clips = [Clip(Path("x"), ("kick" if number else "flute",), "a", f"g{number % 5}") for number in range(500)]
    store = store_of(clips)
    rows = Sampler(clips, store, lambda _: True, seed=0).rows(1000)[:, 0]
    flutes = np.mean([clips[store.clip[row]].labels == ("flute",) for row in rows])
    # By the square root of one group more than it has: of the roots of 2 and 6, 0.37.
    assert 0.32 < flutes < 0.42


def test_without_augmentation_a_batch_is_its_clips() -> None:
    clips = one_of_each()
    batch = batch_of(clips, store_of(clips), NOTHING)
    assert batch.is_single.all()
    assert (batch.is_judged == 1).all()
    assert torch.equal(batch.target, batch.presence)
    assert (batch.target.sum(1) == 1).all()
    assert_labels_say_what_sounds(batch, sounds=1)


def test_mixtures_of_up_to_five_sounds_have_exact_labels() -> None:
    clips = one_of_each()
    batch = batch_of(clips, store_of(clips), replace(NOTHING, mixing=1.0, max_sounds=5), size=2000)
    assert_labels_say_what_sounds(batch, sounds=5)
    sounds = (batch.presence > 0.5) | (batch.is_judged < 0.5)
    assert set(sounds.sum(1).tolist()) == {1, 2, 3, 4, 5}
    # The faint ones are there, and nobody is asked about them.
    faint = batch.is_judged < 0.5
    assert 50 < faint.sum() < 800
    assert (levels_db(batch)[faint] > -30).all()
    assert torch.equal(batch.is_single, batch.presence.sum(1) < 1.5)


def test_of_two_sounds_the_fainter_counts_from_a_level_on() -> None:
    clips = one_of_each()
    batch = batch_of(clips, store_of(clips), replace(NOTHING, mixing=1.0, max_sounds=2), size=2000)
    assert_labels_say_what_sounds(batch, sounds=2)
    assert (batch.presence.sum(1) == 2).float().mean() > 0.6
    assert (levels_db(batch)[batch.is_judged < 0.5] > -20.1).all()


def test_what_is_unknown_of_a_part_is_unknown_of_the_mixture() -> None:
    clips = one_of_each()
    clips[0] = replace(clips[0], unknown=frozenset({"my_kazoo"}))
    batch = batch_of(clips, store_of(clips), replace(NOTHING, mixing=1.0, max_sounds=2), size=2000)
    levels = levels_db(batch)
    has_kick, has_kazoo = levels[:, 0] > -60, batch.presence[:, 5] > 0.5
    is_judged = batch.is_judged[:, 5] > 0.5
    assert not is_judged[has_kick & ~has_kazoo].any()
    assert is_judged[has_kazoo].all()
    assert is_judged[~has_kick & ~has_kazoo & (levels[:, 5] < -60)].all()
    assert (has_kick & has_kazoo).any()


def test_a_clip_of_which_not_all_is_known_is_no_single_one() -> None:
    clips = one_of_each(unknown=frozenset({"my_kazoo"}))
    batch = batch_of(clips, store_of(clips), NOTHING)
    assert torch.equal(batch.is_single, batch.presence[:, 5] > 0.5)


@pytest.mark.parametrize("notes", [0.0, 1.0])
def test_notes_are_added_only_from_windows_with_the_same_labels(notes: float) -> None:
    """A song is one group: kick in two registers, kick with a flute, and kick with perhaps a kazoo."""
    song = [("kick",), ("kick",), ("kick", "flute"), ("kick",)]
    clips = [Clip(Path("song"), labels, "a", "song") for labels in song]
    clips[3] = replace(clips[3], unknown=frozenset({"my_kazoo"}))
    rows = np.stack(
        [
            spectrogram(("kick",), bands=slice(0, 4)),
            spectrogram(("kick",), bands=slice(5, 9)),
            spectrogram(("kick", "flute")),
            spectrogram(("kick", "my_kazoo")),
        ]
    )
    store = Store(rows, np.arange(4, dtype=np.int32))
    batch = batch_of(clips, store, replace(NOTHING, notes=notes, max_notes=4), size=600)
    sounds = levels_db(batch) > -40
    assert torch.equal(sounds[:, 3], batch.presence[:, 3] > 0.5)
    assert torch.equal(sounds[:, 5], batch.is_judged[:, 5] < 0.5)
    both_registers = (batch.log_mel[:, :, 0].amax(1) - batch.log_mel[:, :, 8].amax(1)).abs() < 15
    kick_alone = batch.is_single
    assert bool(both_registers[kick_alone].any()) == (notes > 0)


def test_mixup_shares_the_target_as_it_shares_the_sound() -> None:
    clips = one_of_each()
    batch = batch_of(clips, store_of(clips), replace(NOTHING, mixup=0.8), size=1000)
    assert batch.is_single.all()
    torch.testing.assert_close(batch.target.sum(1), torch.ones(1000))
    is_blend = batch.target.amax(1) < 0.999
    assert 0.5 < is_blend.float().mean() < 0.85
    share = batch.target / batch.target.amax(1, keepdim=True)
    heard = batch.target > 1e-3
    torch.testing.assert_close(10 * torch.log10(share[heard]), levels_db(batch)[heard], atol=0.3, rtol=0)
    assert_labels_say_what_sounds(batch, sounds=2)


def test_mixup_leaves_mixtures_alone() -> None:
    clips = one_of_each()
    mixed = replace(NOTHING, mixing=0.6, max_sounds=3, mixup=0.7)
    batch = batch_of(clips, store_of(clips), mixed, size=1000)
    torch.testing.assert_close(batch.target.sum(1), torch.ones(1000))
    alone = batch.target.amax(1) > 0.999
    assert (alone & batch.is_single).any()
    assert (~alone & ~batch.is_single).any()
