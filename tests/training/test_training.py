"""Training, and what is asked of a trained network. Needs PyTorch: run by `make test-training`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.workshop import training
from models.workshop.clips import Clip, Fold
from models.workshop.features import Store
from models.workshop.held_out import predict_held_out, predict_mixtures
from models.workshop.mixing import Batch
from models.workshop.network import Architecture, Network, Outputs
from models.workshop.sampling import Sampler
from models.workshop.training import Loss, Plan, Schedule, read_curve, train
from tagger.errors import TaggerError
from tests.training.material import LABELS, NOTHING, PLAN, TINY, material, with_steps

FRAMES = 50


def learnt(tmp_path: Path, plan: Plan, clips: list[Clip], store: Store, held_out: str) -> Network:
    return train(clips, store, plan, fold=Fold(held_out), checkpoint=tmp_path / f"{held_out}.pt")


@pytest.mark.parametrize("half_precision", [False, True])
def test_learns_and_judges_the_library_it_never_heard(tmp_path: Path, *, half_precision: bool) -> None:
    clips, store = material()
    plan = replace(PLAN, schedule=replace(PLAN.schedule, steps=150, half_precision=half_precision))
    network = learnt(tmp_path, plan, clips, store, "b")

    said = predict_held_out(network, clips, store, labels=LABELS, fold=Fold("b"), frames=FRAMES)
    assert set(said.library) == {"b"}
    assert sorted(said.recording) == sorted(str(clip.path) for clip in clips if clip.library == "b")
    assert said.is_single.all()
    assert np.mean(said.single.argmax(axis=1) == said.truth) > 0.9

    mixed = predict_mixtures(network, clips, store, plan, fold=Fold("b"), frames=FRAMES, count=300)
    assert len(mixed) == 300
    assert set(mixed.present.sum(axis=1)) == {1, 2, 3, 4}
    silent = ~mixed.present & ~mixed.unknown
    assert mixed.presence[mixed.present].mean() > mixed.presence[silent].mean() + 1


def test_held_out_clips_are_judged_as_they_are_and_only_where_their_label_was_learnt(tmp_path: Path) -> None:
    clips, store = material()
    # Nobody but "b" has a kazoo; and each clip has a second row, which is of a variant.
    clips = [
        replace(clip, labels=("kick",)) if clip.library == "a" and clip.labels == ("my_kazoo",) else clip
        for clip in clips
    ]
    store = Store(np.repeat(store.log_mel, 2, axis=0), np.repeat(store.clip, 2))
    store.log_mel[1::2] = -120
    network = learnt(tmp_path, with_steps(PLAN, 10), clips, store, "b")
    said = predict_held_out(network, clips, store, labels=LABELS, fold=Fold("b"), frames=FRAMES)
    judged = [clip for clip in clips if clip.library == "b" and clip.labels != ("my_kazoo",)]
    assert said.recording.tolist() == [str(clip.path) for clip in judged]
    assert [LABELS[truth] for truth in said.truth] == [clip.labels[0] for clip in judged]
    with torch.no_grad():
        rows = store.log_mel[[2 * int(name.removesuffix(".wav")) for name in said.recording], :FRAMES]
        expected = network(torch.from_numpy(rows).float()).single.numpy()
    np.testing.assert_allclose(said.single, expected, atol=1e-4)

    mixed = predict_mixtures(network, clips, store, PLAN, fold=Fold("b"), frames=FRAMES, count=200)
    assert not mixed.present[:, LABELS.index("my_kazoo")].any()


def test_nothing_held_out_gives_no_predictions() -> None:
    clips, store = material()
    network = Network(64, len(LABELS), TINY).eval()
    nowhere = Fold("nobody's")
    assert not len(predict_held_out(network, clips, store, labels=LABELS, fold=nowhere, frames=FRAMES))
    mixed = predict_mixtures(network, clips, store, PLAN, fold=nowhere, frames=FRAMES)
    assert mixed.present.shape == mixed.presence.shape == (0, len(LABELS))


def test_nothing_to_train_on_is_told(tmp_path: Path) -> None:
    clips, store = material()
    with pytest.raises(TaggerError, match="nothing to train on"):
        learnt(tmp_path, PLAN, clips, store, "a+b")


def test_a_finished_run_is_not_done_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, store = material()
    first = learnt(tmp_path, PLAN, clips, store, "a")
    curve = read_curve(tmp_path / "a.pt")
    assert [step for step, _ in curve] == [30]
    capsys.readouterr()
    again = learnt(tmp_path, PLAN, clips, store, "a")
    assert not capsys.readouterr().out
    assert read_curve(tmp_path / "a.pt") == curve
    for one, same in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one, same)


def test_goes_on_from_where_it_was_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, store = material()
    small = Architecture(widths=(2, 2), blocks=(1,))
    plan = replace(PLAN, architecture=small, augmentation=NOTHING)
    plan = replace(plan, schedule=replace(plan.schedule, steps=520, batch_size=4, windows_s=(0.4,)))

    def stop(step: int, _: Network) -> None:
        if step == 500:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "run.pt"
    with pytest.raises(KeyboardInterrupt):
        train(clips, store, plan, fold=Fold(""), checkpoint=checkpoint, watcher=stop)
    told = capsys.readouterr().out
    assert "step 500/520" in told
    before = torch.load(checkpoint, weights_only=True)["network"]["embed.weight"]
    train(clips, store, plan, fold=Fold(""), checkpoint=checkpoint)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("step ")] == ["520/520"]
    assert [step for step, _ in read_curve(checkpoint)] == [100, 200, 300, 400, 500, 520]
    # It went on with what was learnt and where the schedule was, at its very end: weights hardly move any more.
    after = torch.load(checkpoint, weights_only=True)["network"]["embed.weight"]
    assert 0 < (after - before).norm() / before.norm() < 5e-4


def test_the_same_seed_gives_the_same_network(tmp_path: Path) -> None:
    clips, store = material()
    plan = with_steps(PLAN, 5)
    one, same, other = (
        train(clips, store, replace(plan, seed=seed), fold=Fold(""), checkpoint=tmp_path / f"{name}.pt")
        for name, seed in (("one", 1), ("same", 1), ("other", 2))
    )
    assert torch.equal(one.single.weight, same.single.weight)
    assert not torch.equal(one.single.weight, other.single.weight)


def test_the_presence_head_goes_on_alone(tmp_path: Path) -> None:
    clips, store = material()
    before, after = (
        train(
            clips,
            store,
            replace(PLAN, schedule=replace(PLAN.schedule, steps=5, presence_steps=steps)),
            fold=Fold(""),
            checkpoint=tmp_path / f"{steps}.pt",
        )
        for steps in (0, 5)
    )
    kept = {name: weight for name, weight in before.state_dict().items() if not name.startswith("presence")}
    assert all(torch.equal(weight, after.state_dict()[name]) for name, weight in kept.items())
    assert not torch.equal(before.presence[2].weight, after.presence[2].weight)
    again = train(clips, store, PLAN, fold=Fold(""), checkpoint=tmp_path / "5.pt")
    assert torch.equal(again.presence[2].weight, after.presence[2].weight)


def test_songs_teach_the_presence_head_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips, store = material()
    mixed = [replace(clip, labels=(*clip.labels, "my_kazoo")) if at % 2 else clip for at, clip in enumerate(clips)]
    drawn: list[set[bool]] = []

    def spy(clips: list[Clip], store: Store, belongs: Callable[[Clip], bool], seed: int) -> Sampler:
        drawn.append({clip.is_single for clip in clips if belongs(clip)})
        return Sampler(clips, store, belongs, seed)

    monkeypatch.setattr(training, "Sampler", spy)
    plan = replace(PLAN, schedule=replace(PLAN.schedule, steps=2, presence_steps=2))
    train(mixed, store, plan, fold=Fold(""), checkpoint=tmp_path / "run.pt")
    assert drawn == [{True}, {True, False}]


def test_clips_with_partial_labels_alone_can_be_learnt_from(tmp_path: Path) -> None:
    clips, store = material()
    partial = [replace(clip, unknown=frozenset({"my_kazoo"}) - set(clip.labels)) for clip in clips]
    partial = [clip for clip in partial if clip.unknown]
    store = Store(store.log_mel[: len(partial)], store.clip[: len(partial)])
    network = learnt(tmp_path, PLAN, partial, store, "")
    assert np.isfinite([loss for _, loss in read_curve(tmp_path / ".pt")]).all()
    assert all(torch.isfinite(each).all() for each in network.state_dict().values())


# The loss


def batch_of(truth: list[int], *, is_single: bool = True) -> Batch:
    presence = torch.nn.functional.one_hot(torch.tensor(truth), len(LABELS)).float()
    return Batch(
        log_mel=torch.zeros(len(truth), 16, 64),
        target=presence.clone(),
        is_single=torch.full((len(truth),), is_single),
        presence=presence,
        is_judged=torch.ones_like(presence),
    )


def logits(count: int) -> Outputs:
    random = torch.Generator().manual_seed(0)
    single, presence = (torch.randn(count, len(LABELS), generator=random).requires_grad_() for _ in range(2))
    return Outputs(single, presence, torch.zeros(count, 128))


def test_unknown_labels_give_neither_loss_nor_gradient() -> None:
    loss, outputs, batch = Loss(LABELS, Schedule()), logits(8), batch_of([0, 1, 2, 3, 4, 5, 0, 1])
    unknown = torch.rand(8, len(LABELS), generator=torch.Generator().manual_seed(1)) < 0.4
    batch.is_judged[unknown] = 0
    value = loss(outputs, batch)
    value.backward()
    assert outputs.presence.grad is not None
    assert (outputs.presence.grad[unknown] == 0).all()
    assert (outputs.presence.grad[~unknown] != 0).all()
    batch.presence[unknown] = 1 - batch.presence[unknown]
    assert loss(outputs, batch).item() == value.item()
    batch.presence[~unknown] = 1 - batch.presence[~unknown]
    assert loss(outputs, batch).item() != value.item()


def test_the_single_head_learns_from_single_windows_only() -> None:
    loss, outputs, batch = Loss(LABELS, Schedule()), logits(4), batch_of([0, 1, 2, 3])
    batch.is_single[1::2] = False
    loss(outputs, batch).backward()
    assert outputs.single.grad is not None
    assert (outputs.single.grad[1::2] == 0).all()
    assert (outputs.single.grad[::2] != 0).all()

    nothing = logits(4)
    value = loss(nothing, batch_of([0, 1, 2, 3], is_single=False))
    value.backward()
    assert torch.isfinite(value)
    assert nothing.single.grad is not None
    assert (nothing.single.grad == 0).all()


def test_a_mistake_inside_the_family_costs_less() -> None:
    loss, kick = Loss(LABELS, Schedule()), batch_of([LABELS.index("kick")])
    said = {label: torch.zeros(1, len(LABELS)) for label in ("kick", "snare", "cello")}
    for label, single in said.items():
        single[0, LABELS.index(label)] = 5
    costs = [
        loss(Outputs(single, torch.zeros(1, len(LABELS)), torch.zeros(1, 128)), kick).item() for single in said.values()
    ]
    assert costs == sorted(costs)
    assert costs[2] > costs[1] + 1
    assert costs[1] > costs[0] + 1


# The network


def test_gain_does_not_matter_nor_how_many_windows_are_asked_about() -> None:
    torch.manual_seed(0)
    network = Network(64, 7, TINY).eval()
    log_mel = torch.rand(3, 90, 64) * 60 - 80
    with torch.no_grad():
        said, quieter, alone = network(log_mel), network(log_mel - 30), network(log_mel[1:2])
        shorter = network(log_mel[:, :16])
    torch.testing.assert_close(said.single, quieter.single, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(said.presence[1:2], alone.presence, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(said.embedding.norm(dim=1), torch.ones(3))
    assert shorter.single.shape == said.single.shape == (3, 7)


def test_blocks_have_to_fit_widths() -> None:
    with pytest.raises(ValueError, match="5 widths need 4 blocks, not 3"):
        Architecture(widths=(8, 8, 8, 8, 8))
