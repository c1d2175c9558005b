"""The settings of an experiment: what is read, and what is refused."""

import pytest

from priosig.experiment.settings import read_settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nam = 'x'", "nam is not known; expected encoder, exploratory, name, parameters, thresholds"),
        ("[thresholds]\nAUC = 0.6", r"\[thresholds\] AUC is not known; expected auc"),
        ("[parameters]\nauc = 0.6", r"\[parameters\] auc is not known"),
        ("[thresholds]\nauc = 1.6", "auc is 1.6; expected a number from 0 to 1"),
        ("[thresholds]\nauc = true", "auc is True; expected a number"),
        ("[parameters]\nequal_length = 0", "equal_length is 0; expected a number above 0"),
        ("[parameters]\nseed = 1.5", "seed is 1.5; expected a whole number"),
        ("[parameters]\nguard = -1", "guard is -1; expected a number of 0 or more"),
        ("[parameters]\nn_permutations = 100", r"\* alpha is 5\.05 \(100 and 0\.05\); expected a whole number"),
        ("[parameters]\nC = nan", "C is nan; expected a number"),
        ("[encoder]\nlayer = -1", r"\[encoder\] layer is -1; expected 'last', an integer"),
        ("[encoder]\nlayer = [1, 1]", r"\[encoder\] layer is \(1, 1\); expected"),
        ("[encoder]\nprecision = 'half'", r"\[encoder\] precision 'half': expected one of float32"),
        ("[encoder]\nprecision = 16", r"\[encoder\] precision 16: expected one of"),
        ("thresholds = 3", "thresholds is 3; expected a table"),
        ("name = '../x'", r"name is '\.\./x'; expected 1 to 64 letters"),
        ("name = ", "not TOML"),
    ],
)
def test_a_setting_that_is_not_understood_is_refused(tmp_path, text, words):
    (tmp_path / "experiment.toml").write_text(text)
    with pytest.raises(ValueError, match=rf"experiment\.toml: .*{words}"):
        read_settings(tmp_path / "experiment.toml")


def test_what_the_encoder_is_told_beside_its_layer(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text('\ufeff[encoder]\nrevision = "abc123"\nkeep_frames = true\n', encoding="utf-8")
    _, settings = read_settings(path)
    assert (settings.revision, settings.keep_frames) == ("abc123", True)
    path.write_text("[encoder]\nkeep_frames = 1\n")
    with pytest.raises(ValueError, match=r"\[encoder\] keep_frames is 1; expected true or false"):
        read_settings(path)
    path.write_text("[encoder]\nrevision = 7\n")
    with pytest.raises(ValueError, match=r"\[encoder\] revision is 7; expected a text"):
        read_settings(path)


def test_data_that_had_been_looked_at_are_said_so(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text("exploratory = true\n")
    assert read_settings(path)[1].exploratory is True
    path.write_text('exploratory = "yes"\n')
    with pytest.raises(ValueError, match="exploratory is 'yes'; expected true or false"):
        read_settings(path)
