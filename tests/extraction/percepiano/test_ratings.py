"""PercePiano's labels: read as they are, refused by the performance where they are not."""

import json

import numpy as np
import pytest

from priosig.extraction.percepiano.ratings import LABELS, read_ratings

RATINGS = [round(0.05 * k, 2) for k in range(19)]


@pytest.fixture
def labels(tmp_path):
    """Write a labels file into a copy of PercePiano's repository, and give the copy."""

    def write(content: object) -> object:
        path = tmp_path / LABELS
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return tmp_path

    return write


def test_ratings_are_sorted_by_name_and_the_players_number_is_dropped(labels):
    rows = {"Schubert_D960_mv2_8bars_7_14": [*RATINGS, 21], "Beethoven_WoO80_thema_8bars_11_1": RATINGS[::-1]}
    ratings = read_ratings(labels(rows))
    assert ratings.names == ("Beethoven_WoO80_thema_8bars_11_1", "Schubert_D960_mv2_8bars_7_14")
    np.testing.assert_array_equal(ratings.values, [RATINGS[::-1], RATINGS])


def test_a_labels_file_may_be_given_itself(labels):
    directory = labels({"a_8bars_1_1": RATINGS})
    assert read_ratings(directory / LABELS).names == read_ratings(directory).names == ("a_8bars_1_1",)


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("Beethoven_WoO80_var27_8bars_3_15", "Beethoven_WoO80_var27"),
        ("Schubert_D935_no.3_4bars_Score2_42", "Schubert_D935_no.3"),
        ("Schubert_D960_mv2_16bars_Score_06", "Schubert_D960_mv2"),
        ("Schubert_D960_mv2_8bars_7_14", "Schubert_D960_mv2"),
        (" Schubert_D935_no.3_4bars_2_1", "Schubert_D935_no.3"),
    ],
)
def test_a_piece_is_what_stands_before_the_bars(labels, name, piece):
    ratings = read_ratings(labels({name: RATINGS}))
    assert (ratings.names, ratings.pieces) == ((name,), (piece,))


def test_missing_labels_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"label_2round_mean_reg_19_with0_rm_highstd0\.json: no such file"):
        read_ratings(tmp_path)


NAME = "a_8bars_1_1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ([], "holds no object with entries"),
        ({}, "holds no object with entries"),
        ({"../a_8bars_1_1": RATINGS}, r"'\.\./a_8bars_1_1' is no performance; expected <piece>_<n>bars_"),
        ({"a_1_1": RATINGS}, "'a_1_1' is no performance"),
        ({NAME: RATINGS[:18]}, "a_8bars_1_1 has 18 entries; expected 19 ratings, and perhaps the player's number"),
        ({NAME: "high"}, "a_8bars_1_1 has str; expected 19 ratings"),
        ({NAME: [1.01, *RATINGS[1:]]}, r"a_8bars_1_1: timing_unstable is 1\.01; expected a number from 0 to 1"),
        ({NAME: [*RATINGS[:18], float("nan"), 3]}, "interpretation_convincing is nan; expected a number"),
        ({NAME: [True, *RATINGS[1:]]}, "timing_unstable is True; expected a number"),
        ({NAME: [*RATINGS[:1], None, *RATINGS[2:]]}, "articulation_length is None; expected a number"),
    ],
)
def test_labels_that_are_not_ratings_are_refused(labels, content, said):
    with pytest.raises(ValueError, match=said):
        read_ratings(labels(content))
