"""From people's own folders to a model of their own, through the command line; and what a build does step by step."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from models.workshop.build import Build
from models.workshop.clips import GROUPS, Clip
from models.workshop.recipe import Recipe
from models.workshop.robustness import CHANGES
from models.workshop.run_report import card
from models.workshop.training import Schedule
from tagger.analysis import Analyser
from tagger.errors import TaggerError
from tagger.recogniser import Recogniser
from tests.training.material import TINY

ROOT = Path(__file__).parents[2]
RATE = 16_000
RECIPE = """
name = "mine"
window_s = 1.0
seeds = [1]
final_steps = 80
variants = 2

[network]
widths = [4, 8, 8]
blocks = [1, 1]
dropout = 0.0

[training]
steps = 60
batch_size = 16
learning_rate = 0.01
windows_s = [1.0]
presence_steps = 20
half_precision = false
"""


def sound(label: str, seed: int) -> npt.NDArray[np.float32]:
    """A low tone, a high tone or noise, dying away; never twice the same."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(RATE) / RATE
    frequency_hz = {"Deep Hum": rng.uniform(90, 150), "whistle": rng.uniform(2000, 3000), "Noise": 0.0}[label]
    tone = np.sin(2 * np.pi * frequency_hz * time_s) if frequency_hz else rng.normal(0, 0.3, RATE)
    samples: npt.NDArray[np.float32] = (0.7 * tone * np.exp(-rng.uniform(0.5, 3) * time_s)).astype(np.float32)
    return samples


def write_tree(root: Path, sources: tuple[str, ...] = ("dusty", "room", "street")) -> None:
    for place, label in enumerate(("Deep Hum", "whistle", "Noise")):
        for number, source in enumerate(sources):
            folder = root / label / source
            folder.mkdir(parents=True)
            for take in range(3):
                soundfile.write(folder / f"{take}.wav", sound(label, 100 * place + 10 * number + take), RATE)


def write_table(folder: Path) -> Path:
    """A second library: sounds that begin late in their files, listed in a table beside them."""
    folder.mkdir()
    rows = ["file,label,library,group,start_s"]
    for number, label in enumerate(("Deep Hum", "whistle", "Noise")):
        for take in range(3):
            seed = 1000 + 10 * number + take
            silence = np.zeros(RATE, dtype=np.float32)
            soundfile.write(folder / f"{seed}.wav", np.concatenate([silence, sound(label, seed)]), RATE)
            rows.append(f"{seed}.wav,{label},second,{label} {take},1.0")
    table = folder / "sounds.csv"
    table.write_text("\n".join([*rows, ""]), encoding="utf-8")
    return table


def models(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "models", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def assert_refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert message in done.stderr


def test_a_model_of_ones_own_from_the_command_line(tmp_path: Path) -> None:
    write_tree(tmp_path / "my sounds")
    table = write_table(tmp_path / "second")
    recipe, work, target = tmp_path / "tiny.toml", tmp_path / "work", tmp_path / "out" / "mine.onnx"
    recipe.write_text(RECIPE)
    data = ("--data", tmp_path / "my sounds", "--data", table)
    arguments = ("build", *data, "--work", work, "--target", target, "--workers", "1", "--version", "2.0")

    done = models(*arguments, "--recipe", recipe)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count("fold ") == 3

    recogniser = Recogniser(target)
    assert recogniser.name == "mine@2.0"
    assert recogniser.card.labels == ("deep_hum", "noise", "whistle")
    unheard = tmp_path / "unheard.wav"
    analyser = Analyser(target)
    for label, words in (("deep_hum", "Deep Hum"), ("noise", "Noise"), ("whistle", "whistle")):
        soundfile.write(unheard, sound(words, 7), RATE)
        assert analyser.analyse(unheard).instruments[0].label == label

    text = target.with_suffix(".md").read_text(encoding="utf-8")
    assert text == recogniser.card.description
    assert text.startswith("# mine 2.0")
    assert "36 clips. Recordings: my sounds, second." in text
    assert re.search(r"^\| my sounds \| 27 \| [\d.]+ \|", text, flags=re.MULTILINE)
    assert re.search(r"^\| second \| 9 \|", text, flags=re.MULTILINE)
    page = (work / "report" / "report.html").read_text(encoding="utf-8")
    pictures = {path.name for path in (work / "report").glob("*.png")}
    assert {"held-out.png", "confusion.png", "reliability.png", "training.png", "examples.png"} <= pictures
    assert set(re.findall(r'<img src="([^"]+)"', page)) == pictures

    made = {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.suffix in (".npz", ".pt", ".csv")}
    again = models(*arguments, "--recipe", recipe)
    assert again.returncode == 0, again.stderr
    assert not re.search(r"^(step|fold|prepared)", again.stdout, flags=re.MULTILINE)
    assert made == {path: path.stat().st_mtime_ns for path in made}

    recipe.write_text(RECIPE.replace("steps = 60", "steps = 61"))
    assert_refused(models(*arguments, "--recipe", recipe), "belongs to another recipe")


def test_a_missing_folder_is_told_in_a_line(tmp_path: Path) -> None:
    done = models("build", "--data", tmp_path / "nowhere", "--work", tmp_path / "work", "--target", tmp_path / "m.onnx")
    assert_refused(done, "nowhere: is no folder")
    assert not (tmp_path / "work").exists()


# Step by step


def clips_of(root: Path, library: str = "x", count: int = 40) -> tuple[Clip, ...]:
    """Clips of two leaves and a label of one's own, each a group of its own."""
    labels = ("snare", "my_kazoo", "kick")
    files = {label: root / f"{library}-{label}.wav" for label in labels}
    for number, path in enumerate(files.values()):
        soundfile.write(path, sound(("Deep Hum", "whistle", "Noise")[number], number), RATE)
    return tuple(
        Clip(files[labels[number % 3]], (labels[number % 3],), library, f"{library}-{number}")
        for number in range(count)
    )


def build_of(tmp_path: Path, *sources: tuple[Clip, ...]) -> Build:
    schedule = Schedule(steps=3, batch_size=4, windows_s=(1.0,), presence_steps=2, half_precision=False)
    recipe = Recipe(window_s=1.0, seeds=(1,), final_steps=3, variants=1, network=TINY, training=schedule)
    return Build(sources, None, tmp_path / "work", recipe, workers=1)


def test_labels_are_leaves_in_their_order_then_ones_own(tmp_path: Path) -> None:
    assert build_of(tmp_path, clips_of(tmp_path)).labels == ("kick", "snare", "my_kazoo")


def test_folds_are_recorded_libraries_where_there_are_several_and_groups(tmp_path: Path) -> None:
    one, other = clips_of(tmp_path, "one"), clips_of(tmp_path, "other")
    rendered = tuple(replace(clip, library="soundfont", is_real=False) for clip in one)
    assert build_of(tmp_path, one).folds == [GROUPS]
    assert build_of(tmp_path, one, rendered).folds == [GROUPS]
    assert build_of(tmp_path, one, other, rendered).folds == ["one", "other", GROUPS]
    assert build_of(tmp_path, rendered).folds == []


def test_what_cannot_be_held_out_is_told(tmp_path: Path) -> None:
    clips = clips_of(tmp_path)
    with pytest.raises(TaggerError, match=r"nothing can be held out as 'iowa' \(there are groups\)"):
        build_of(tmp_path, clips).hold_out(["iowa"])
    rendered = build_of(tmp_path, tuple(replace(clip, is_real=False) for clip in clips))
    with pytest.raises(TaggerError, match="too few recordings to hold any out"):
        rendered.hold_out(rendered.folds)


def test_a_work_folder_is_for_one_recipe_and_one_list_of_clips(tmp_path: Path) -> None:
    clips = clips_of(tmp_path)
    build_of(tmp_path, clips).prepare()
    build_of(tmp_path, clips).prepare()
    # A clip more or less would give all rows after it the label of their neighbour.
    with pytest.raises(TaggerError, match="belongs to other recordings"):
        build_of(tmp_path, clips[1:]).prepare()
    with pytest.raises(TaggerError, match="belongs to other recordings"):
        build_of(tmp_path, clips[:20], clips[20:]).prepare()
    changed = build_of(tmp_path, clips)
    with pytest.raises(TaggerError, match="belongs to another recipe"):
        replace(changed, recipe=replace(changed.recipe, window_s=1.5)).prepare()
    moved = tmp_path / "moved"
    moved.mkdir()
    for clip in clips[:3]:
        clip.path.rename(moved / clip.path.name)
    build_of(tmp_path, tuple(replace(clip, path=moved / clip.path.name) for clip in clips)).prepare()


def test_libraries_without_a_label_in_common_are_calibrated_on_groups(tmp_path: Path) -> None:
    kicks = tuple(clip for clip in clips_of(tmp_path, "one", 90) if clip.labels == ("kick",))
    snares = tuple(clip for clip in clips_of(tmp_path, "other", 90) if clip.labels == ("snare",))
    build = build_of(tmp_path, kicks, snares)
    build.prepare()
    with pytest.raises(TaggerError, match="nothing to calibrate on"):
        build.calibrate()
    with pytest.raises(TaggerError, match="is not calibrated yet"):
        card(build, "1")
    for fold in build.folds:
        build.judge(fold, 1)
    said = build.predictions(1)
    assert {fold: len(each) > 0 for fold, each in said.items()} == {GROUPS: True}
    build.calibrate()
    assert "| an eighth of all groups |" in card(build, "1")


def test_each_fold_is_judged_on_what_it_never_heard(tmp_path: Path) -> None:
    build = build_of(tmp_path, clips_of(tmp_path, "one"), clips_of(tmp_path, "other"))
    build.prepare()
    for fold in build.folds:
        build.judge(fold, 1)
    said, mixed = build.predictions(1), build.predictions(1, "-mix.npz")
    assert list(said) == list(mixed) == ["one", "other", GROUPS]
    assert {fold: set(each.library) for fold, each in said.items() if fold != GROUPS} == {
        "one": {"one"},
        "other": {"other"},
    }
    assert len(said["one"]) == len(said["other"]) == 40
    assert 0 < len(said[GROUPS]) < 30
    joined = build.held_out()
    assert len(joined) == 80
    assert joined.labels.tolist() == list(build.labels)


def test_several_libraries_can_be_left_out_at_once_and_are_told_apart(tmp_path: Path) -> None:
    libraries = [clips_of(tmp_path, name) for name in ("one", "other", "third")]
    build = build_of(tmp_path, *libraries)
    build = replace(build, recipe=replace(build.recipe, folds=("one+other",)))
    assert build.folds == ["one+other"]
    build.prepare()
    build.hold_out(build.folds)
    assert list(build.predictions(1)) == ["one", "other"]
    assert list(build.predictions(1, "-mix.npz")) == ["one+other"]
    (robust,) = build.robustness(1).values()
    assert robust.clips == 80
    assert all(0 <= each <= 1 for each in (robust.unchanged, *robust.changed.values()))
    assert set(robust.changed) == set(CHANGES)


def test_workers_end_with_a_command_that_is_killed(tmp_path: Path) -> None:
    write_tree(tmp_path / "sounds")
    recipe = tmp_path / "long.toml"
    recipe.write_text(RECIPE.replace("steps = 60\n", "steps = 100000\n"), encoding="utf-8")
    data = ["--data", tmp_path / "sounds", "--data", write_table(tmp_path / "second")]
    command = [sys.executable, "-m", "models", "evaluate", *data, "--recipe", recipe, "--work", tmp_path / "work"]
    command += ["--workers", "1", "--held-out", "second"]
    with subprocess.Popen([*map(str, command)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        while "step 100/" not in run.stdout.readline():
            assert run.poll() is None
        run.kill()
        # The worker writes to the same pipe, which ends when the last of them does.
        assert "step 99900/" not in run.stdout.read()
