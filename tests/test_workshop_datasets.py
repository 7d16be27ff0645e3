"""Readers of data sets, on small ones made in the layouts that they were published in."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from models.workshop.clips import Clip, label_matrices
from models.workshop.datasets import folders, irmas, nsynth, openmic, table
from models.workshop.datasets.errors import DatasetError
from models.workshop.datasets.listing import Listing, divide
from models.workshop.datasets.reading import read_source
from tests.published_layouts import (
    TESTING_FOLDERS,
    TRAIN_KEYS,
    TRAINING_NAMES,
    entry,
    note,
    openmic_rows,
    silence,
    text,
    write_irmas_testing,
    write_irmas_training,
    write_nsynth,
    write_openmic,
)


def groups(clips: Iterable[Clip]) -> set[str]:
    return {clip.group for clip in clips}


def labels_of(listing: Listing) -> dict[str, tuple[str, ...]]:
    return {clip.path.name: clip.labels for clip in listing.clips}


def assert_divided_by_group(clips: list[Clip]) -> None:
    training, validation = divide(clips)
    assert len(training) + len(validation) == len(clips)
    assert len(training) > len(validation) > 0
    assert not groups(training) & groups(validation)
    assert divide(clips[::-1]) == (training[::-1], validation[::-1])


def test_a_fixed_eighth_of_running_numbers_validates() -> None:
    clips = [Clip(Path(f"{number:04}.wav"), ("piano",), "irmas", f"{number:04}") for number in range(2000)]
    _, validation = divide(clips)
    assert 200 <= len(validation) <= 300
    # In each hundred of the numbers, as IRMAS has its songs numbered by instrument.
    assert min(Counter(clip.group[:2] for clip in validation).values()) >= 3


# NSynth


def test_nsynth_reads_the_official_split(tmp_path: Path) -> None:
    write_nsynth(tmp_path, "train", {"synth_lead_synthetic_001": 2, "guitar_acoustic_002": 1})
    write_nsynth(tmp_path, "valid", {"guitar_acoustic_010": 1})
    write_nsynth(tmp_path, "test", {"bass_electronic_020": 1})

    train = nsynth.official(tmp_path, "train").clips
    assert [(clip.labels, clip.group, clip.is_real) for clip in train] == [
        (("synth_lead",), "synth_lead_synthetic_001", False),
        (("synth_lead",), "synth_lead_synthetic_001", False),
        (("guitar",), "guitar_acoustic_002", True),
    ]
    assert all(clip.library == "nsynth" and clip.is_single and clip.path.is_file() for clip in train)
    assert groups(nsynth.official(tmp_path, "valid").clips) == {"guitar_acoustic_010"}
    assert groups(nsynth.official(tmp_path, "test").clips) == {"bass_electronic_020"}


def test_nsynth_acoustic_has_eight_families(tmp_path: Path) -> None:
    notes = {f"{family}_{source}_000": 1 for family in nsynth.FAMILIES for source in ("acoustic", "electronic")}
    write_nsynth(tmp_path, "test", notes)
    clips = nsynth.acoustic(tmp_path, "test").clips
    assert sorted(clip.labels[0] for clip in clips) == sorted(nsynth.ACOUSTIC_FAMILIES)
    assert all(clip.group.endswith("_acoustic_000") for clip in clips)
    assert len(nsynth.ACOUSTIC_FAMILIES) == 8


def test_nsynth_balanced_lets_instruments_take_turns() -> None:
    notes = {"reed_acoustic_000": 9, "reed_acoustic_001": 2, "reed_acoustic_002": 1, "brass_acoustic_000": 6}
    clips = [
        Clip(Path(f"{note(name, number)}.wav"), (name.split("_")[0],), "nsynth", name)
        for name, count in notes.items()
        for number in range(count)
    ]
    balanced = nsynth.balanced(clips, per_family=5)
    assert Counter(clip.labels[0] for clip in balanced) == {"reed": 5, "brass": 5}
    drawn = Counter(clip.group for clip in balanced)
    assert drawn["reed_acoustic_000"] == drawn["reed_acoustic_001"] == 2
    assert drawn["reed_acoustic_002"] == 1
    assert nsynth.balanced(clips[::-1], per_family=5) == balanced
    assert len(set(balanced)) == 10
    # Brass has six.
    assert Counter(clip.labels[0] for clip in nsynth.balanced(clips, per_family=100)) == {"reed": 6, "brass": 6}


def test_nsynth_leaves_out_missing_audio(tmp_path: Path) -> None:
    write_nsynth(tmp_path, "test", {"flute_acoustic_000": 3})
    lost = tmp_path / "nsynth-test" / "audio" / f"{note('flute_acoustic_000', 1)}.wav"
    lost.unlink()
    listing = nsynth.official(tmp_path, "test")
    assert len(listing.clips) == 2
    assert listing.missing == [lost]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{\n"a": {},\n oops}', "line 3: "),
        ("[]", "no table of notes"),
        ('{"a": 1}', "note 'a' has no instrument_family_str"),
        (json.dumps({"a": entry("kazoo_acoustic_000")}), "unknown family 'kazoo'"),
        (json.dumps({"a": entry("flute_stolen_000")}), "unknown source 'stolen'"),
    ],
)
def test_nsynth_refuses_malformed_entries(tmp_path: Path, content: str, message: str) -> None:
    text(tmp_path / "nsynth-valid" / "examples.json", content)
    with pytest.raises(DatasetError, match=message):
        nsynth.official(tmp_path, "valid")


# IRMAS


def test_irmas_training_takes_labels_of_folders_and_groups_of_songs(tmp_path: Path) -> None:
    write_irmas_training(tmp_path, TRAINING_NAMES)
    text(tmp_path / "IRMAS-TrainingData" / "cel" / "._[cel][cla]0001__1.wav", "a companion")
    listing = irmas.read_training(tmp_path)
    assert {clip.path.stem: (clip.labels, clip.group) for clip in listing.clips} == {
        "008__[cel][nod][cla]0058__1": (("cel",), "0058"),
        "008__[cel][nod][cla]0058__2": (("cel",), "0058"),
        "[cel][cla]0001__1": (("cel",), "0001"),
        "[gac][cou_fol]0533__2": (("gac",), "0533"),
        "[gac][cou_fol]0533__3": (("gac",), "0533"),
        "[pia][dru][pop_roc]1391__3": (("pia",), "1391"),
        "[org][dru][pop_roc]1392__1": (("pia",), "1392"),
        "001__[voi][nod][cou_fol]2400__1": (("voi",), "2400"),
    }
    assert all(clip.is_single and clip.library == "irmas" for clip in listing.clips)
    assert not listing.missing


def test_irmas_training_without_voice(tmp_path: Path) -> None:
    write_irmas_training(tmp_path, TRAINING_NAMES)
    clips = irmas.read_training(tmp_path, without=frozenset({"voi"})).clips
    assert {clip.labels for clip in clips} == {("cel",), ("gac",), ("pia",)}
    with pytest.raises(DatasetError, match="no label 'voice' to leave out"):
        irmas.read_training(tmp_path, without=frozenset({"voice"}))


def test_irmas_training_is_divided_by_song(tmp_path: Path) -> None:
    names = [f"{song % 7:03}__[flu][cla]{song:04}__{excerpt}" for song in range(40) for excerpt in (1, 2, 3)]
    write_irmas_training(tmp_path, {"flu": names})
    assert_divided_by_group(irmas.read_training(tmp_path).clips)


def test_irmas_misses_a_whole_folder(tmp_path: Path) -> None:
    write_irmas_training(tmp_path, TRAINING_NAMES)
    (tmp_path / "IRMAS-TrainingData" / "sax").rmdir()
    with pytest.raises(DatasetError, match="sax: is missing"):
        irmas.read_training(tmp_path)
    assert irmas.read_training(tmp_path, without=frozenset({"sax"})).clips


def test_irmas_testing_reads_all_parts_however_nested(tmp_path: Path) -> None:
    write_irmas_testing(tmp_path)
    listing = irmas.read_testing(tmp_path)
    assert {clip.path.name: (clip.labels, clip.group) for clip in listing.clips} == {
        "(02) dont kill the whale-1.wav": (("gel", "voi"), "(02) dont kill the whale"),
        "(02) dont kill the whale-12.wav": (("voi",), "(02) dont kill the whale"),
        "04 - Dr. No - Pt. 2-3.wav": (("vio", "cel"), "04 - Dr. No - Pt. 2"),
        "Unnumbered.wav": (("pia",), "Unnumbered"),
    }
    assert not listing.missing
    assert not any(clip.unknown for clip in listing.clips)


def test_irmas_testing_without_voice_drops_clips_of_voice_alone(tmp_path: Path) -> None:
    write_irmas_testing(tmp_path)
    labels = labels_of(irmas.read_testing(tmp_path, without=frozenset({"voi"})))
    assert labels["(02) dont kill the whale-1.wav"] == ("gel",)
    assert "(02) dont kill the whale-12.wav" not in labels


def test_irmas_testing_reports_halves_of_pairs(tmp_path: Path) -> None:
    write_irmas_testing(tmp_path)
    part = tmp_path / TESTING_FOLDERS["nested"]
    (part / "(02) dont kill the whale-1.wav").unlink()
    (part / "(02) dont kill the whale-12.txt").unlink()
    text(part.parent / "README.txt", "Please cite us.")
    listing = irmas.read_testing(tmp_path)
    assert len(listing.clips) == 2
    assert {path.name for path in listing.missing} == {
        "(02) dont kill the whale-1.wav",
        "(02) dont kill the whale-12.txt",
    }


def test_irmas_testing_refuses_unknown_labels(tmp_path: Path) -> None:
    write_irmas_testing(tmp_path)
    part = tmp_path / TESTING_FOLDERS["nested"]
    text(part / "(02) dont kill the whale-1.txt", "gel\nkazoo\n")
    with pytest.raises(DatasetError, match="line 2: unknown label 'kazoo'"):
        irmas.read_testing(tmp_path)


# OpenMIC-2018


def test_openmic_masks_what_nobody_judged(tmp_path: Path) -> None:
    write_openmic(tmp_path, TRAIN_KEYS, openmic_rows())
    clip = openmic.official(tmp_path, "train").clips[0]
    assert clip.labels == ("piano", "flute")
    assert clip.unknown == frozenset(openmic.LABELS) - {"piano", "flute", "clarinet"}
    present, unknown = label_matrices([clip], openmic.LABELS)
    assert present.sum() == 2
    assert unknown.sum() == 17
    assert not present[unknown].any()


def test_openmic_cuts_clips_into_stretches(tmp_path: Path) -> None:
    assert openmic.starts_s(3.0) == [0.0, 3.0, 6.0, 7.0]
    assert openmic.starts_s(2.5) == [0.0, 2.5, 5.0, 7.5]
    assert openmic.starts_s(10.0) == openmic.starts_s(12.0) == [0.0]

    write_openmic(tmp_path, TRAIN_KEYS, openmic_rows())
    clips = openmic.official(tmp_path, "train", stretch_s=5.0).clips
    assert [(clip.path.stem, clip.start_s, clip.group) for clip in clips[:4]] == [
        ("000046_3840", 0.0, "000046"),
        ("000046_3840", 5.0, "000046"),
        ("000135_483840", 0.0, "000135"),
        ("000135_483840", 5.0, "000135"),
    ]


def test_openmic_keeps_to_the_official_split_and_divides_by_track(tmp_path: Path) -> None:
    keys = [f"{track:06}_{start}" for track in range(40) for start in (0, 480)]
    write_openmic(tmp_path, keys, [f"{key},voice,1.0,3" for key in keys])
    train = openmic.official(tmp_path, "train").clips
    test = openmic.official(tmp_path, "test").clips
    assert len(groups(train)) == 40
    assert groups(test) == {"155310"}
    assert_divided_by_group(train)


def test_openmic_counts_a_missing_file_once(tmp_path: Path) -> None:
    write_openmic(tmp_path, TRAIN_KEYS, openmic_rows())
    lost = tmp_path / "audio" / "000" / "000046_3840.ogg"
    lost.unlink()
    listing = openmic.official(tmp_path, "train")
    assert listing.missing == [lost]
    assert len(listing.clips) == 12


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("000046_3840,kazoo,1.0,3", "line 2: unknown instrument 'kazoo'"),
        ("000046_3840,piano,nan,3", "line 2: relevance is 'nan'"),
        ("000046_3840,piano", "line 2: as many cells"),
        ("000046_3840,piano,1.0,3,4", "line 2: as many cells"),
    ],
)
def test_openmic_refuses_malformed_rows(tmp_path: Path, row: str, message: str) -> None:
    write_openmic(tmp_path, TRAIN_KEYS, [row])
    with pytest.raises(DatasetError, match=message):
        openmic.official(tmp_path, "train")


# Folders


def test_folders_take_labels_and_groups_of_levels(tmp_path: Path) -> None:
    root = tmp_path / "my samples"
    files = [
        "Acoustic Guitar/martin d28/close/pluck 01.wav",
        "Acoustic Guitar/martin d28/pluck 02.FLAC",
        "Acoustic Guitar/loose.wav",
        "hi-hat/a.wav",
        unicodedata.normalize("NFD", "Güiro") + "/a.wav",
    ]
    for file in files:
        silence(root / file)
    silence(root / "without a label.wav")
    for hidden in ("hi-hat/._a.wav", "hi-hat/.trash/b.wav", ".git/c.wav", "hi-hat/notes.txt"):
        text(root / hidden, "nothing to hear")

    listing = folders.read(root)
    assert {(clip.path.name, clip.labels, clip.group) for clip in listing.clips} == {
        ("pluck 01.wav", ("acoustic_guitar",), "Acoustic Guitar/martin d28"),
        ("pluck 02.FLAC", ("acoustic_guitar",), "Acoustic Guitar/martin d28"),
        ("loose.wav", ("acoustic_guitar",), "Acoustic Guitar/loose.wav"),
        ("a.wav", ("hi_hat",), "hi-hat/a.wav"),
        ("a.wav", ("güiro",), unicodedata.normalize("NFD", "Güiro") + "/a.wav"),
    }
    assert {clip.library for clip in listing.clips} == {"my samples"}
    assert not listing.missing


def test_folders_name_their_library_when_given_as_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silence(tmp_path / "kit" / "kick" / "a.wav")
    monkeypatch.chdir(tmp_path / "kit")
    assert folders.read(Path()).clips[0].library == "kit"


# A table


def test_table_reads_files_beside_it_and_in_clips(tmp_path: Path) -> None:
    silence(tmp_path / "mix.wav")
    silence(tmp_path / "clips" / "kits" / "kick.wav")
    manifest = text(
        tmp_path / "manifest.csv",
        "\ufefffile,label,library,group,rendered,start_s\n"
        'mix.wav,Electric Bass; piano;piano,studio,"take 1, left",1,2.5\n'
        "kits/kick.wav,kick,,,,\n",
    )
    assert table.read(manifest).clips == [
        Clip(tmp_path / "mix.wav", ("electric_bass", "piano"), "studio", "take 1, left", is_real=False, start_s=2.5),
        Clip(tmp_path / "clips" / "kits" / "kick.wav", ("kick",), tmp_path.name, "kits"),
    ]


def test_table_reads_a_manifest_of_the_corpus(tmp_path: Path) -> None:
    rows = ["file,label,library,group,licence,rendered", "a.wav,flute,iowa,p1,free,0", "b.wav,flute,fluidr3,p2,free,1"]
    # Without the column everything is a recording, whatever its library is called.
    rows += ["c.wav,flute,fluidr3,p3,free,"]
    for name in ("a.wav", "b.wav", "c.wav"):
        silence(tmp_path / "clips" / name)
    clips = table.read(text(tmp_path / "manifest.csv", "\n".join(rows))).clips
    assert [(clip.library, clip.group, clip.is_real) for clip in clips] == [
        ("iowa", "p1", True),
        ("fluidr3", "p2", False),
        ("fluidr3", "p3", True),
    ]


def test_table_keeps_stretches_of_one_file_together(tmp_path: Path) -> None:
    silence(tmp_path / "a.wav")
    manifest = text(tmp_path / "t.csv", "file,label,start_s\na.wav,tom,0\na.wav,tom,3\nb.wav,tom,0\n")
    listing = table.read(manifest)
    assert [(clip.group, clip.start_s) for clip in listing.clips] == [("a.wav", 0.0), ("a.wav", 3.0)]
    assert listing.missing == [tmp_path / "b.wav"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file;label\n", "line 1: no column 'file'"),
        ("", "line 1: no column 'file'"),
        ("file,label\n\na.wav, ;\n", "line 3: no label"),
        ("file,label\n,tom\n", "line 2: no file"),
        ("file,label,rendered\na.wav,tom,yes\n", "line 2: rendered is 'yes'"),
        ("file,label,start_s\na.wav,tom,-1\n", "line 2: start_s is '-1'"),
        ('file,label\n"a.wav,tom\n', "line 2: "),
    ],
)
def test_table_refuses_malformed_rows(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        table.read(text(tmp_path / "t.csv", content))


def test_table_refuses_what_is_no_text(tmp_path: Path) -> None:
    manifest = tmp_path / "t.csv"
    manifest.write_bytes("file,label\nä.wav,tom\n".encode("latin-1"))
    with pytest.raises(DatasetError, match="not UTF-8"):
        table.read(manifest)


# Whatever people have


def test_a_source_is_a_tree_a_table_or_a_folder_with_a_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silence(tmp_path / "tree" / "Snare" / "kit" / "a.wav")
    assert [(clip.labels, clip.group) for clip in read_source(tmp_path / "tree")] == [(("snare",), "Snare/kit")]
    assert not capsys.readouterr().out

    # Once there is a manifest, it is what counts.
    manifest = text(tmp_path / "tree" / "manifest.csv", "file,label\nSnare/kit/a.wav,tom\nlost.wav,tom\ngone.wav,tom\n")
    for path in (manifest, manifest.parent):
        assert [(clip.path.name, clip.labels) for clip in read_source(path)] == [("a.wav", ("tom",))]
        (line,) = capsys.readouterr().out.splitlines()
        assert "2 files are missing" in line
        assert "lost.wav" in line

    other = text(tmp_path / "tree" / "other.csv", "file,label\nSnare/kit/a.wav,kick\n")
    assert [clip.labels for clip in read_source(other)] == [("kick",)]


@pytest.mark.parametrize("name", ["not here", "not here.csv", "empty"])
def test_a_source_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=name):
        read_source(tmp_path / name)


# All of them


def write_empty_sets(root: Path) -> None:
    """All annotations, and no audio."""
    write_nsynth(root, "train", {"flute_acoustic_000": 1})
    write_irmas_training(root, TRAINING_NAMES)
    write_irmas_testing(root)
    write_openmic(root, TRAIN_KEYS, openmic_rows())
    text(root / "t.csv", "file,label\nlost.wav,tom\n")
    for suffix in (".wav", ".ogg"):
        for path in root.rglob(f"*{suffix}"):
            path.unlink()


READERS: dict[str, Callable[[Path], Listing]] = {
    "nsynth": lambda root: nsynth.official(root, "train"),
    "irmas training": irmas.read_training,
    "irmas testing": irmas.read_testing,
    "openmic": lambda root: openmic.official(root, "train"),
    "folders": folders.read,
    "table": lambda root: table.read(root / "t.csv"),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_a_missing_folder_is_one_line_with_the_expected_layout(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(DatasetError, match="expected") as caught:
        read(tmp_path / "not\nhere")
    message = str(caught.value)
    assert "\n" not in message
    assert str(tmp_path) in message
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_no_audio_at_all_is_an_error(tmp_path: Path, read: Callable[[Path], object]) -> None:
    write_empty_sets(tmp_path)
    with pytest.raises(DatasetError, match=r"has no audio \(expected is "):
        read(tmp_path)
