"""narrows sweep: what a user is told, and that the commands of its page run."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from narrows.cli.verbs import USER_ERROR, main

from ..cli.test_verbs import said
from ..data.layouts import write_picture
from ..test_documents import ROOT, blocks
from .small import TINY, write_little


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("narrows.experiments.run.write_report", write_little)
    return tmp_path


def test_a_sweep_tells_each_point_and_ends_with_the_best_and_how_to_judge_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*TINY, "--over", "model.code_size=2,3"]
    monkeypatch.setattr(sys, "argv", ["narrows", "sweep", *words])
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr()
    assert re.search(r"1 of 2  code size 2  squared error \d", told.err)
    assert re.search(r"2 of 2  code size 3  squared error \d", told.err)
    assert "report: file:///" in told.out
    assert "--set model.code_size=" in told.out
    monkeypatch.setattr(sys, "argv", ["narrows", "sweep", *words, "--json"])
    with pytest.raises(SystemExit):
        main()
    printed = capsys.readouterr()
    assert printed.err == ""
    found = json.loads(printed.out)
    assert {point["name"] for point in found["points"]} == {"code_size=2", "code_size=3"}
    assert (here / found["report"]).is_file()
    # what it says judges the best point does so, and reads the test split
    code, text = said(shlex.split(found["judge"])[1:], monkeypatch, capsys)
    assert code == 0, text
    assert "test" in (here / "runs" / "sweep-quickstart-best" / "results.csv").read_text()


def test_an_interrupt_says_what_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("narrows.sweeps.training.run_experiment", interrupt)
    code, text = said(["sweep", *TINY, "--over", "model.code_size=2", "--out", "mine"], monkeypatch, capsys)
    assert code == 130
    assert text.endswith("stopped; the same command with --out mine goes on from here")


def test_a_mistake_is_one_sentence(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(["sweep", "quickstart", "--over", "model.code_size=2"], monkeypatch, capsys)
    assert (code, text.count("expected one arm that is trained")) == (USER_ERROR, 1)
    assert not (here / "runs").exists()


def test_every_command_of_the_page_runs(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(48):
        write_picture(here / "photos" / f"{number}.png", 8, 8, seed=number)
    text = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
    lines = [shlex.split(line) for block in blocks(text) for line in block.splitlines()]
    assert len(lines) == 3
    for words in lines:
        shorter = ["2" if before == "--trials" else word for before, word in zip(["", *words], words, strict=False)]
        code, errors = said([*shorter[1:], "--quick"], monkeypatch, capsys)
        assert code == 0, errors
        out = here / words[words.index("--out") + 1]
        assert (out / "report.html").is_file()
        assert (out / "points.csv").is_file()
    assert (here / "study.db").is_file()


def test_the_page_shows_one_small_picture_and_its_python_names_what_there_is() -> None:
    import narrows

    text = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
    assert (ROOT / "docs" / "images" / "sweep.png").stat().st_size < 60_000
    (code,) = blocks(text, "python")
    compile(code, "sweep", "exec")
    assert set(re.findall(r"narrows\.(\w+)", code)) <= set(narrows.__all__)
