"""The verbs that use a model: what would be overwritten is refused before anything is opened."""

from pathlib import Path

import pytest

from narrows.cli.verbs import USER_ERROR

from .test_verbs import said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["encode", "nowhere", "digits", "--out", "codes.npz"], "expected no file at codes.npz, found one"),
        (["encode", "nowhere", "digits", "--out", "codes.csv"], "ends in .npz or .parquet, found codes.csv"),
        (["evaluate", "nowhere", "digits", "--per-picture", "errors.csv"], "expected no file at errors.csv, found one"),
        (["evaluate", "nowhere", "digits", "--per-picture", "errors.txt"], "ends in .csv, found errors.txt"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_the_run_is_opened(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("codes.npz", "errors.csv"):
        Path(name).write_text("mine")
    code, text = said(arguments, monkeypatch, capsys)
    assert code == USER_ERROR
    assert sentence in text
    assert {path.read_text() for path in tmp_path.iterdir()} == {"mine"}
