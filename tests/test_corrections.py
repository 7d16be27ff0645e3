"""What people say of files, in the files' tags and by command, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

from mutagen.flac import FLAC
from mutagen.id3 import TXXX
from mutagen.wave import WAVE

from tagger import tagfile
from tagger.catalog import Catalog
from tagger.results import Instrument
from tests.command_line import Run, analysis, heard_as, native
from tests.samples import RESULTS, Samples, edit_flac, instrument


class TestEdits:
    def test_an_edit_is_taken_in_kept_and_spread(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Banjo")
        told = tagger("tag", samples.folder, "--workers", 1)
        assert "edited by hand: Banjo confirmed, Electric guitar rejected" in told.out
        assert samples.tags("lossless.flac")[0] == "banjo"
        assert samples.said_by_people("lossless.flac") == {"banjo": "confirmed", "electric_guitar": "rejected"}
        assert "edited by hand" not in tagger("tag", samples.folder, "--force", "--workers", 1).out
        tagger("correct", path, "banjo")
        tagger("write", path)
        assert instrument(path) == "Banjo"
        assert tagfile.read(path).edit is None

    def test_an_edit_in_one_place_of_a_wav_is_spread_to_all(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "16.wav"
        tagger("write", path)
        wave = WAVE(path)
        assert wave.tags is not None
        wave.tags.add(TXXX(encoding=3, desc="INSTRUMENT", text=["Snare"]))
        wave.save()
        told = tagger("write", path)
        assert "edited by hand: Snare confirmed, Kick rejected, Tom rejected" in told.out
        values = tagfile.read(path).values
        assert {values[name] for name in ("ID3 TXXX:INSTRUMENT", "iXML USER/INSTRUMENT", "XMP xmpDM:instrument")} == {
            "Snare"
        }
        assert values["INFO IGNR"] == "Snare"
        assert tagfile.read(path).edit is None

    def test_an_edit_is_taken_in_before_a_write(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Banjo; My best riff")
        (held,) = tagger("write", path, "--json").objects()
        assert held["edit"] == {"confirmed": ["banjo"], "rejected": ["electric_guitar"], "unknown": ["My best riff"]}
        assert FLAC(path)["INSTRUMENT"] == ["Banjo; My best riff"]
        assert samples.tags("lossless.flac") == ["banjo"]

    def test_a_verdict_given_later_is_not_overruled_by_an_old_edit(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "My best riff")
        tagger("write", path)
        assert samples.said_by_people("lossless.flac") == {"electric_guitar": "rejected"}
        tagger("confirm", path, "electric_guitar")
        told = tagger("write", path)
        assert "edited by hand" not in told.out
        assert samples.tags("lossless.flac") == ["electric_guitar"]
        assert FLAC(path)["INSTRUMENT"] == ["My best riff"]

    def test_a_label_within_somebodys_words_is_not_gone(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Electric guitar, bridge pickup")
        tagger("write", path)
        assert samples.tags("lossless.flac") == ["electric_guitar"]
        assert FLAC(path)["INSTRUMENT"] == ["Electric guitar, bridge pickup"]

    def test_copies_of_a_recording_hear_of_an_edit_at_once(self, tagger: Run, samples: Samples) -> None:
        copy = samples.folder / "z copy.flac"
        copy.write_bytes((samples.folder / "lossless.flac").read_bytes())
        with Catalog(samples.catalog) as catalog:
            catalog.record([heard_as(copy, RESULTS["lossless.flac"])])
        tagger("write", samples.folder)
        edit_flac(samples.folder / "lossless.flac", "Banjo")
        tagger("write", samples.folder)
        assert instrument(copy) == "Banjo"

    def test_labels_of_somebodys_own_model_can_be_edited_too(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        own = Instrument("hurdy_gurdy", "hurdy_gurdy", 0.9)
        with Catalog(samples.catalog) as catalog:
            catalog.record([heard_as(path, replace(analysis(), instruments=(own,), tags=(own,)), model="mine@1")])
        tagger("write", path)
        assert instrument(path) == "Electric guitar; Hurdy gurdy"
        edit_flac(path, "Electric guitar")
        assert tagger("write", path).code == 0
        assert samples.said_by_people("lossless.flac") == {"electric_guitar": "confirmed", "hurdy_gurdy": "rejected"}
        assert instrument(path) == "Electric guitar"

    def test_a_tag_that_was_taken_away_stays_away(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, None)
        tagger("write", path)
        assert "INSTRUMENT" not in FLAC(path)
        assert samples.said_by_people("lossless.flac") == {"electric_guitar": "rejected"}
        assert samples.tags("lossless.flac") == []

    def test_equally_sure_labels_keep_the_order_that_a_person_gave(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Snare; Kick; Clap")
        tagger("write", path)
        tagger("write", path)
        assert instrument(path) == "Snare; Kick; Clap"

    def test_what_people_said_outlives_an_undo(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "lossless.flac"
        tagger("write", path)
        edit_flac(path, "Banjo")
        tagger("write", path)
        tagger("undo")
        assert samples.tags("lossless.flac") == ["banjo"]


class TestVerdicts:
    def test_confirm_reject_correct(self, tagger: Run, samples: Samples) -> None:
        path = samples.folder / "16.wav"
        told = tagger("confirm", path, "Hand drum")
        assert (told.code, told.out) == (0, native("samples/16.wav  Hand drum 1.00, Kick 0.90, Tom 0.80\n"))
        assert tagger("reject", path, "tom").out == native("samples/16.wav  Hand drum 1.00, Kick 0.90\n")
        (held,) = tagger("correct", path, "gong", "--json").objects()
        assert [tag["label"] for tag in held["tags"]] == ["gong"]
        assert samples.said_by_people("16.wav") == {
            "gong": "confirmed",
            "hand_drum": "rejected",
            "kick": "rejected",
            "tom": "rejected",
        }
        assert "no instrument" in tagger("reject", path, "gong").out

    def test_slips_are_told(self, tagger: Run, samples: Samples) -> None:
        slip = tagger("confirm", samples.folder / "16.wav", "kik")
        assert slip.code == 2
        assert "did you mean kick" in slip.err
        stranger = tagger("confirm", samples.folder / "stranger.wav", "kick")
        assert stranger.code == 1
        assert "is not in the catalog" in stranger.err
