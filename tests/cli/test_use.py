"""The verbs that use a model: what would be overwritten is refused before anything is opened."""

from pathlib import Path

import pytest

from narrows.cli.verbs import USER_ERROR
from narrows.corruption import Mixing
from narrows.models import ParallelDecoders, UNet

from ..apply.small import write_run
from ..data.layouts import write_picture
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


def test_what_is_likely_no_mixture_and_what_is_no_picture_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(
        tmp_path / "run", ParallelDecoders(UNet((4, 6))), (3, 8, 8), task="separation", corruption=Mixing(),
        sources=("face", "mark"),
    )  # fmt: skip
    write_picture(tmp_path / "in" / "a.png", 8, 8)
    (tmp_path / "in" / "b.png").write_text("no picture")
    words = ["apply", str(folder), str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    code, text = said(words, monkeypatch, capsys)
    assert code == 0
    assert "doubtful: a.png: its parts do not add up to it" in text
    assert "left out: b.png: " in text
