from __future__ import annotations

import numpy as np
import pytest

from tagger.taxonomy import FAMILIES, FAMILY_OF, IRMAS, LABEL_SETS, LEAVES, NSYNTH, OPENMIC, words_of


def test_sizes_of_the_taxonomy_and_of_the_fields_sets() -> None:
    assert (len(LEAVES), len(FAMILIES)) == (59, 12)
    assert len(set(LEAVES)) == 59
    assert [len(labels.leaves_of) for labels in (IRMAS, OPENMIC, NSYNTH)] == [11, 20, 11]


def test_every_set_speaks_of_known_leaves_in_words() -> None:
    for labels in LABEL_SETS.values():
        assert set(labels.words) == set(labels.leaves_of)
        for leaves in labels.leaves_of.values():
            assert set(leaves) <= set(LEAVES)


def test_a_coarse_label_gathers_its_leaves() -> None:
    scores = np.zeros((2, 59), dtype=np.float32)
    scores[0, LEAVES.index("clarinet")] = 0.5
    scores[0, LEAVES.index("oboe")] = 0.25
    scores[1, LEAVES.index("kick")] = 0.9
    scores[1, LEAVES.index("snare")] = 0.8
    reed = list(NSYNTH.leaves_of).index("reed")
    drums = list(OPENMIC.leaves_of).index("drums")
    assert NSYNTH.project(scores, is_exclusive=True)[0, reed] == pytest.approx(0.75)
    assert OPENMIC.project(scores, is_exclusive=True)[1, drums] == 1.0
    assert NSYNTH.project(scores, is_exclusive=True)[1].max() == 0.0
    assert NSYNTH.project(scores, is_exclusive=False)[0, reed] == pytest.approx(1 - 0.5 * 0.75)
    assert OPENMIC.project(scores, is_exclusive=False)[1, drums] == pytest.approx(0.98)


def test_own_set_is_the_identity() -> None:
    scores = np.random.default_rng(0).random(59, dtype=np.float32)
    for is_exclusive in (False, True):
        projected = LABEL_SETS["own"].project(scores, is_exclusive=is_exclusive)
        np.testing.assert_allclose(projected, scores, atol=1e-6)


def test_words() -> None:
    assert words_of("acoustic_guitar") == "Acoustic guitar"
    assert words_of("percussion_other") == "Other percussion"
    assert FAMILY_OF["oboe"] == "woodwind"
