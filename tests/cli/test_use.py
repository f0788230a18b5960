"""The verbs that use a model: what would be overwritten is refused before anything is opened."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from narrows.cli.verbs import USER_ERROR
from narrows.corruption import Mixing
from narrows.export import Exported
from narrows.models import Dense, ParallelDecoders, UNet

from ..apply.small import write_run
from ..data.layouts import write_picture
from .test_verbs import heard, said


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


def test_what_a_model_is_used_for_is_told_as_json_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(import_module("narrows.apply.judge"), "write_report", lambda folder: folder / "report.html")
    monkeypatch.setattr("narrows.report.write_report", lambda folder: folder / "report.html")
    exported = Exported("m.onnx", "whole", 1e-7, 5)
    monkeypatch.setattr("narrows.export.export_run", lambda *_: (exported,))
    write_run(Path("run"), Dense((), 3), (3, 8, 8))
    for number in range(3):
        write_picture(tmp_path / "photos" / f"{number}.png", 8, 8, seed=number)
    Path("photos", "broken.png").touch()

    def told(*arguments: str) -> Any:
        code, out, error = heard([*arguments, "--json"], monkeypatch, capsys)
        assert (code, error) == (0, "")
        return json.loads(out)

    names = ["0.png", "1.png", "2.png"]
    applied = told("apply", "run", "photos", "--out", "out")
    assert (applied["written"], [name for name, _ in applied["left_out"]]) == (names, ["broken.png"])
    assert told("encode", "run", "photos", "--out", "codes.npz") == {
        "out": "codes.npz", "pictures": 3, "code_size": 3, "left_out": [["broken.png", "the file is empty"]],
    }  # fmt: skip
    assert told("decode", "run", "codes.npz", "--out", "decoded") == {"out": "decoded", "written": names}
    judged = told("evaluate", "run", "photos")
    assert {"mse", "psnr", "ssim"} <= set(judged["metrics"])
    assert sorted(row["picture"] for row in judged["odd"]) == names
    assert told("export", "run", "--out", "m.onnx") == [exported._asdict()]
    assert told("report", "run") == {"report": "run/report.html"}


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
