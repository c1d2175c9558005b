"""Reading annotations: what is refused, and in what words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig import load_moments
from priosig.annotations.moments import check_video_id


def test_moments_equal_in_video_and_stop_stay_in_the_order_of_the_file(moments_file, moment_row):
    path = moments_file(moment_row(moment_id="b"), moment_row(moment_id="a"))
    assert [m.moment_id for m in load_moments(path)] == ["b", "a"]


def test_blank_lines_a_byte_order_mark_and_unknown_fields_are_ignored(tmp_path, moment_row):
    path = tmp_path / "moments.jsonl"
    path.write_bytes(b"\xef\xbb\xbf\n" + json.dumps(moment_row(mood="grand")).encode() + b"\r\n\n")
    (moment,) = load_moments(path)
    assert moment.playing_before_end == 15.0
    assert moment.transcript_text is None


def test_line_separators_inside_a_text_do_not_end_the_line(tmp_path, moment_row):
    path = tmp_path / "moments.jsonl"
    path.write_text(json.dumps(moment_row(feedback_summary="a\u2028b\u0085c"), ensure_ascii=False), encoding="utf-8")
    assert load_moments(path)[0].feedback_summary == "a\u2028b\u0085c"


def test_a_window_after_its_stop_is_read_for_the_audit_to_report(moments_file, moment_row):
    path = moments_file(moment_row(playing_before_start=21.0, playing_before_end=25.0))
    assert load_moments(path)[0].playing_before_start == 21.0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"feedback_start": 15.0, "feedback_end": 12.3}, r"feedback_end 12\.3 s precedes feedback_start 15\.0 s"),
        ({"playing_before_end": 5.0}, r"playing_before_end 5\.0 s equals playing_before_start 5\.0 s"),
        ({"stop_timestamp": -1}, "stop_timestamp is -1 s; expected seconds .* 0 to 1000000"),
        ({"playing_before_end": 1e306}, r"playing_before_end is 1e\+306 s; expected seconds .* 0 to 1000000"),
        ({"teacher": "\ud800"}, "teacher holds half of a surrogate pair"),
        ({"moment_id": "a\ud800"}, "moment_id holds half of a surrogate pair"),
        ({"stop_timestamp": float("nan")}, "stop_timestamp is nan; expected a finite number"),
        ({"stop_timestamp": float("inf")}, "stop_timestamp is inf; expected a finite number"),
        ({"stop_timestamp": 10**400}, "expected a finite number"),
        ({"stop_timestamp": "20"}, "stop_timestamp is '20'; expected a number"),
        ({"stop_timestamp": True}, "stop_timestamp is True; expected a number"),
        ({"stop_timestamp": None}, "stop_timestamp is None; expected a number"),
        ({"video_id": "../secret"}, r"video_id '\.\./secret' can't name the recording"),
        ({"video_id": "a/b"}, "can't name the recording"),
        ({"video_id": ""}, "can't name the recording"),
        ({"video_id": "abc\n"}, "can't name the recording"),
        ({"video_id": 7}, "can't name the recording"),
        ({"moment_id": " "}, "moment_id is ' '; expected a text"),
        ({"teacher": 3}, "teacher is 3; expected a text or null"),
        ({"transcript_text": ["x"]}, "transcript_text is"),
        ({"confidence": 1.5}, "confidence is 1.5; expected 0 to 1"),
        ({"drop": ("teacher", "piece")}, "missing teacher, piece; expected moment_id, video_id"),
    ],
)
def test_a_bad_field_is_refused_with_its_line(moments_file, moment_row, fields, words):
    path = moments_file(moment_row(), moment_row(**{"moment_id": "m2", **fields}))
    with pytest.raises(ValueError, match=rf"moments\.jsonl:2: .*{words}"):
        load_moments(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"moment_id": ', "not JSON"),
        ("[]", "a JSON list; expected an object"),
        ("3", "a JSON int; expected an object"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_line_that_is_no_object_is_refused(moments_file, moment_row, line, words):
    with pytest.raises(ValueError, match=rf"moments\.jsonl:2: {words}"):
        load_moments(moments_file(moment_row(), line))


def test_a_repeated_moment_id_names_both_lines(moments_file, moment_row):
    with pytest.raises(ValueError, match=r"moments\.jsonl:3: moment_id 'm1' was used in line 1"):
        load_moments(moments_file(moment_row(), moment_row(moment_id="m2"), moment_row()))


def test_all_problems_of_a_file_are_told_at_once(moments_file, moment_row):
    rows = [moment_row(moment_id=f"m{i}", confidence=-1) for i in range(25)]
    with pytest.raises(ValueError, match="confidence") as caught:
        load_moments(moments_file(*rows))
    lines = str(caught.value).split("\n")
    assert len(lines) == 21
    assert ":1: " in lines[0]
    assert lines[-1] == "... and 5 more"


def test_an_empty_or_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"moments\.jsonl: no such file"):
        load_moments(tmp_path / "moments.jsonl")
    (tmp_path / "moments.jsonl").write_text("\n")
    with pytest.raises(ValueError, match="holds no moment"):
        load_moments(tmp_path / "moments.jsonl")


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "moments.jsonl"
    path.write_bytes(b'{}\n{"a": "\xff"}')
    with pytest.raises(ValueError, match=r"moments\.jsonl:2: byte 10 of the file is not UTF-8; save it as UTF-8"):
        load_moments(path)
    path.write_bytes('{"a": "\u266a'.encode()[:-1])
    with pytest.raises(ValueError, match=r"moments\.jsonl:1: .*was it cut off"):
        load_moments(path)


def test_an_array_of_moments_is_told_what_it_is(tmp_path, moment_row):
    (tmp_path / "moments.jsonl").write_text(json.dumps([moment_row()], indent=1))
    with pytest.raises(ValueError, match="a JSON array; expected one object a line"):
        load_moments(tmp_path / "moments.jsonl")


@given(st.text("aZ0_-.é²٣ /\\\n\0", max_size=70))
def test_no_text_but_a_plain_name_passes_as_a_video_id(text):
    plain = 1 <= len(text) <= 64 and all(c.isascii() and (c.isalnum() or c in "_-") for c in text)
    if plain:
        assert check_video_id(text, "here") == text
    else:
        with pytest.raises(ValueError, match="here: video_id"):
            check_video_id(text, "here")


def test_a_number_of_thousands_of_digits_is_refused_with_its_line(moments_file):
    with pytest.raises(ValueError, match=r"moments\.jsonl:1: not JSON that can be read"):
        load_moments(moments_file('{"stop_timestamp": ' + "1" * 5000 + "}"))


@pytest.mark.parametrize("key", ["stop_timestamp", "note"])
def test_a_key_that_stands_twice_in_an_object_is_refused(moments_file, moment_row, key):
    line = json.dumps(moment_row(note=1))
    with pytest.raises(ValueError, match=rf"moments\.jsonl:1: .*an object holds '{key}' twice"):
        load_moments(moments_file(line[:-1] + f', "{key}": 21.0}}'))
    nested = json.dumps(moment_row(note={"a": 1})).replace('"a": 1', '"a": 1, "a": 2')
    with pytest.raises(ValueError, match="an object holds 'a' twice"):
        load_moments(moments_file(nested))


def test_a_long_bad_value_is_shortened_and_escaped(moments_file, moment_row):
    for fields in ({"video_id": "\x1b[2J" * 9999}, {"stop_timestamp": "\n" * 9999}, {"teacher": ["\r"] * 9999}):
        with pytest.raises(ValueError, match="expected") as caught:
            load_moments(moments_file(moment_row(**fields)))
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500


@pytest.mark.parametrize("start", [b"", b'{"moment_id": "m1"}\n'], ids=["at once", "after a line"])
def test_a_sparse_file_is_refused_without_reading_it_whole(tmp_path, start):
    path = tmp_path / "moments.jsonl"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(20 << 30)
    with pytest.raises(ValueError, match=r"moments\.jsonl:\d: \d+ bytes and no end of line; expected one object"):
        load_moments(path)


def test_whether_the_teacher_plays_is_optional_and_true_or_false(moments_file, moment_row):
    rows = [moment_row(moment_id=str(k), demonstrated=value) for k, value in enumerate((True, False, None))]
    moments = load_moments(moments_file(*rows, moment_row()))
    assert [m.demonstrated for m in moments] == [True, False, None, None]
    with pytest.raises(ValueError, match="demonstrated is 'yes'; expected true, false or null"):
        load_moments(moments_file(moment_row(demonstrated="yes")))
