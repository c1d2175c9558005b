"""The settings of an experiment: what is read, and what is refused."""

import pytest

from priosig.experiment.settings import read_settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nam = 'x'", "'nam' is not known; expected confounds, encoder, exploratory, name, parameters, thresholds"),
        ("[thresholds]\nAUC = 0.6", r"\[thresholds\] 'AUC' is not known; expected auc"),
        ("[parameters]\nauc = 0.6", r"\[parameters\] 'auc' is not known"),
        ("[thresholds]\nauc = 1.6", "auc is 1.6; expected a number from 0.5 to 0.99"),
        ("[thresholds]\nauc = true", "auc is True; expected a number"),
        ("[parameters]\nequal_length = 0", "equal_length is 0; expected a number from 0.001 to 1000000"),
        ("[parameters]\nseed = 1.5", "seed is 1.5; expected a whole number"),
        ("[parameters]\nguard = -1", "guard is -1; expected a number from 0 to 1000000"),
        ("[parameters]\nn_permutations = 100", r"\* alpha is 5\.05 \(100 and 0\.05\); expected a whole number"),
        ("[parameters]\nC = nan", "C is nan; expected a number"),
        ("[encoder]\nlayer = -1", r"\[encoder\] layer is -1; expected 'last', an integer"),
        ("[encoder]\nlayer = [1, 1]", r"\[encoder\] layer is \(1, 1\); expected"),
        ("[encoder]\nprecision = 'half'", r"\[encoder\] precision 'half': expected one of float32"),
        ("[encoder]\nprecision = 16", r"\[encoder\] precision 16: expected one of"),
        ("[confounds]\ncolumn = 'x.csv'", r"\[confounds\] 'column' is not known; expected columns, roles"),
        ("[confounds]\ncolumns = 3", r"\[confounds\] columns is 3; expected the name of a CSV"),
        ("[confounds]\nroles = 'acoustic'", r"roles is 'acoustic'; expected a table, \[confounds\.roles\]"),
        ("[confounds.roles]\nlevel = 'music'", r"'level' is 'music'; expected artefact or acoustic"),
        ("[confounds.roles]\nlevel = ['acoustic']", r"'level' is \['acoustic'\]; expected artefact"),
        ("thresholds = 3", "thresholds is 3; expected a table"),
        ("name = '../x'", r"name is '\.\./x'; expected 1 to 64 letters"),
        ("name = ", "not TOML"),
        ("[thresholds]\nauc = 1", "auc is 1; expected a number from 0.5 to 0.99"),
        ("[thresholds]\nauc = 0", "auc is 0; expected a number from 0.5 to 0.99"),
        ("[parameters]\nC = 1e308", r"C is 1e\+308; expected a number from 1e-06 to 1000000"),
        pytest.param("[parameters]\nC = 1" + "0" * 400, r"C is 10+\.\.\.0+; expected a number", id="beyond floats"),
        pytest.param("[parameters]\nseed = 1" + "0" * 5000, "not TOML .Exceeds the limit", id="many digits"),
        pytest.param(
            "[parameters]\nseed = 0x1" + "0" * 5000,
            "seed is an int too large to be shown; expected a whole number",
            id="many hexadecimal digits",
        ),
        ("[parameters]\nn_permutations = 19", "n_permutations is 19; expected at least 39: with fewer, no p"),
        pytest.param("name = " + "[" * 2000, "not TOML that can be read .nested too deeply", id="nested"),
        pytest.param("name = '" + "x" * 100_000 + "'", "over 100000 bytes; expected the settings", id="large"),
        pytest.param("name = '" + "x" * 90_000 + "'", r"name is 'x{30,50}\.\.\.x+'; expected 1 to 64", id="long"),
        ('name = "\\u001b[31m"', r"name is '\\x1b\[31m'; expected"),
        ('"\\u001b" = 1', r"'\\x1b' is not known"),
        ("[encoder]\nprecision = [[1]]", r"\[encoder\] precision \(\[1\],\): expected one of"),
        pytest.param(
            "[encoder]\nlayer = [" + "1, " * 9000 + "]",
            r"\[encoder\] layer is \(1, 1, 1, 1, 1, 1, \.\.\.\); expected",
            id="many layers",
        ),
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
