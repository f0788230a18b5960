"""The command line: its options, what it loads, and what a user is told."""

import hashlib
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from narrows.cli import app
from narrows.cli.verbs import USER_ERROR, main
from narrows.data import CATALOGUE, read_folder
from narrows.experiments.index import EXPERIMENTS
from narrows.results import open_run

from ..data.layouts import write_picture
from ..test_documents import ROOT, section

OPTIONS = {
    "": {"--version", "--install-completion", "--show-completion"},
    "list": {"--runs", "--json"},
    "run": {
        "--out", "--seeds", "--set", "--quick", "--no-test", "--resume", "--overwrite", "--data-root", "--download",
        "--device", "--precision", "--log", "--json",
    },
    "train": {
        "--out", "--corrupt", "--model", "--code-size", "--size", "--epochs", "--minutes", "--set", "--seeds",
        "--quick", "--no-test", "--resume", "--overwrite", "--data-root", "--device", "--precision", "--log", "--json",
    },
    "sweep": {
        "--over", "--search", "--trials", "--storage", "--out", "--set", "--corrupt", "--model", "--code-size",
        "--size", "--epochs", "--minutes", "--seeds", "--quick", "--data-root", "--device", "--precision", "--json",
    },
    "apply": {"--out", "--mask", "--sheet", "--device", "--json"},
    "encode": {"--out", "--data-root", "--device", "--precision", "--json"},
    "decode": {"--out", "--device", "--json"},
    "evaluate": {"--per-picture", "--data-root", "--device", "--json"},
    "probe": {"--shares", "--data-root", "--device", "--json"},
    "export": {"--out", "--json"},
    "compare": {"--out", "--overwrite", "--json"},
    "report": {"--json"},
    "doctor": {"--json"},
    "data list": {"--data-root", "--json"},
    "data download": {"--data-root", "--json"},
    "data clear": {"--json"},
}  # fmt: skip
"""The list grows only by an issue that names the option."""


def options_of(command: Any, words: str = "") -> dict[str, set[str]]:
    found = {words: {name for each in command.params for name in each.opts if name.startswith("--")}}
    for name, inner in getattr(command, "commands", {}).items():
        found |= options_of(inner, f"{words} {name}".strip())
    return found


def test_the_options_are_the_frozen_list() -> None:
    found = options_of(typer.main.get_command(app))
    assert {words: options for words, options in found.items() if words != "data"} == OPTIONS


@pytest.mark.parametrize("words", [words for words in OPTIONS if words])
def test_every_verb_has_help_with_an_example(words: str) -> None:
    done = CliRunner().invoke(app, [*words.split(), "--help"])
    assert done.exit_code == 0
    assert f"Example: narrows {words}" in re.sub(r"\s+", " ", done.output)


def test_every_verb_can_speak_json() -> None:
    assert [words for words, options in OPTIONS.items() if words and "--json" not in options] == []


def test_training_chooses_its_precision_and_encoding_is_exact() -> None:
    command: Any = typer.main.get_command(app)
    defaults = {
        verb: str(parameter.default)
        for verb, each in command.commands.items()
        for parameter in each.params
        if parameter.name == "precision"
    }
    assert defaults == {"run": "auto", "train": "auto", "sweep": "auto", "encode": "float32"}


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "unloaded"),
    [
        (["--help"], {"torch", "numpy", "matplotlib", "sklearn", "scipy", "PIL", "pooch"}),
        (["list", "--runs", "."], {"torch", "matplotlib"}),
        (["list"], {"torch", "matplotlib", "sklearn", "scipy", "pooch"}),
    ],
)
def test_what_is_only_looked_at_loads_nothing_heavy(arguments: list[str], unloaded: set[str]) -> None:
    program = (
        f"import sys; sys.argv = ['narrows', *{arguments!r}]\nfrom narrows.cli import main\n"
        f"try: main()\nexcept SystemExit: pass\nsys.stdout.write('LOADED ' + ' '.join({unloaded!r} & set(sys.modules)))"
    )
    assert python(program).rpartition("LOADED ")[2] == ""


def said(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and what stands on standard error, on one line."""
    code, _, error = heard(arguments, monkeypatch, capsys)
    return code, re.sub(r"\s+", " ", error).strip()


def heard(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    monkeypatch.setattr(sys, "argv", ["narrows", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    code = stopped.value.code
    return (code if isinstance(code, int) else 0), *capsys.readouterr()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NARROWS_DATA", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "quickstrat"], r"expected an experiment out of quickstart, .*; did you mean 'quickstart'\?"),
        (["run", "quickstart", "--set", "data=digit"], r"found 'digit'; did you mean 'digits'\?"),
        (["run", "quickstart", "--set", "training.epoch=1"], r"found 'epoch'; did you mean 'epochs'\?"),
        (["run", "quickstart", "--set", "training.epochs=many"], r"expected epochs to be of type int .*'many'"),
        (["run", "quickstart", "--set", "training.epochs"], r"as path=value, found 'training.epochs'"),
        (["run", "quickstart", "--device", "gpu"], r"expected a device such as cpu, cuda, cuda:1 or mps.*found 'gpu'"),
        (["run", "pca_vs_autoencoder", "--data-root", "nowhere"], r"train-images.*f68b3c2d.*data download mnist"),
        (["run", "quickstart", "--resume"], r"expected a run to resume in runs/quickstart, found none"),
        (["report", "nothing"], r"expected a run folder with an experiment.json, found none in nothing"),
        (["doctor", "nothing"], r"expected a run folder"),
        (["list", "--runs", "nothing"], r"expected run folders in nothing, found none"),
        (["data", "download", "mnits"], r"did you mean 'mnist'"),
        (["run", "quickstart", "--seeds", "0"], r"Invalid value for '--seeds'"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(arguments, monkeypatch, capsys)
    assert code == USER_ERROR
    assert re.search(sentence, text), text
    assert "Traceback" not in text
    assert not (here / "runs").exists()


def test_an_output_folder_that_cannot_be_written_is_one_sentence(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "file").write_text("mine")
    code, text = said(["run", "quickstart", "--quick", "--out", "file/run"], monkeypatch, capsys)
    assert code == USER_ERROR
    assert "expected to use file/run" in text
    assert (here / "file").read_text() == "mine"


def test_data_files_with_the_wrong_checksum_are_refused_with_both_and_left_alone(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = here / "root" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte.gz").write_bytes(b"truncated")
    code, text = said(["run", "pca_vs_autoencoder", "--data-root", "root"], monkeypatch, capsys)
    assert code == USER_ERROR
    assert hashlib.md5(b"truncated").hexdigest() in text
    assert "f68b3c2dcbeaaa9fbdd348bbdeb94873" in text
    assert not (here / "runs").exists()
    assert (raw / "train-images-idx3-ubyte.gz").read_bytes() == b"truncated"


@pytest.mark.parametrize(("options", "fetched"), [([], []), (["--download"], ["mnist"])])
def test_a_run_downloads_only_where_it_is_asked_to(
    options: list[str],
    fetched: list[str],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[str] = []

    def fetch(name: str, *_: object) -> Path:
        asked.append(name)
        return here

    monkeypatch.setattr("narrows.data.download", fetch)
    code, text = said(["run", "pca_vs_autoencoder", "--data-root", "nowhere", *options], monkeypatch, capsys)
    assert (code, asked) == (USER_ERROR, fetched)
    assert "data download mnist" in text


def test_the_version_is_the_package_s(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = heard(["--version"], monkeypatch, capsys)
    assert (code, text.strip()) == (0, version("narrows"))


def test_everything_there_is_is_listed(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = json.loads(heard(["list", "--json"], monkeypatch, capsys)[1])
    assert [row["name"] for row in listed["experiments"]] == list(EXPERIMENTS)
    assert all(row["shows"] and row["minutes"] > 0 for row in listed["experiments"])
    assert [row["name"] for row in listed["data"]] == list(CATALOGUE)
    sets = json.loads(heard(["data", "list", "--data-root", str(here), "--json"], monkeypatch, capsys)[1])["sets"]
    assert {row["name"] for row in sets if row["there"] == "yes"} == {"digits"}


def test_the_cache_is_listed_and_cleared_and_official_files_stay(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: here / "cache")
    monkeypatch.setattr("narrows.data.cache_folder", lambda: here / "cache")
    for number in range(4):
        write_picture(here / "photos" / f"{number}.png", 8, 8, seed=number)
    official = here / "cache" / "data" / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    official.parent.mkdir(parents=True)
    official.touch()
    read_folder(here / "photos")
    (kept,) = json.loads(heard(["data", "list", "--json"], monkeypatch, capsys)[1])["cache"]
    assert (kept["folder"], kept["pictures"]) == (str(here / "photos"), 4)
    assert json.loads(heard(["data", "clear", "--json"], monkeypatch, capsys)[1])["freed_bytes"] > 4 * 3 * 8 * 8
    assert json.loads(heard(["data", "list", "--json"], monkeypatch, capsys)[1])["cache"] == []
    assert official.exists()
    assert len(list((here / "photos").iterdir())) == 4


QUICK = ["run", "quickstart", "--quick", "--out", "made"]


def test_a_run_from_pictures_to_report(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, error = heard([*QUICK, "--seeds", "2", "--set", "training.epochs=3"], monkeypatch, capsys)
    assert code == 0, error
    run = open_run(here / "made")
    assert run.environment["quick"]
    assert run.environment["finished"]
    assert f"precision: {run.environment['precision']}, on {run.environment['processor']}" in text
    page = (here / "made" / "report.html").read_text()
    assert "Eight numbers a digit" in page
    assert re.search(rf">Precision</\w+>\s*<\w+>{run.environment['precision']}<", page)
    assert run.arms() == ["mean picture", "PCA, code 8", "compared, plain network", "improved, code 8"]
    assert set(run.values("improved, code 8", "mse", split="test")) == {0, 1}
    assert (here / "made" / "models" / "improved-code-8-1" / "model.safetensors").is_file()

    left = section((ROOT / "README.md").read_text(encoding="utf-8"), "What a run leaves").partition("A run that was")[0]
    names = {name.strip("/") for name in re.findall(r"`([a-z]+(?:\.\w+|/))`", left)}
    assert {path.name for path in (here / "made").iterdir() if not path.name.startswith(".")} == names
    assert {path.suffix for path in (here / "made" / "figures").iterdir()} == {".svg", ".png"}
    assert {path.suffix for path in (here / "made" / "models").rglob("*.*")} == {".safetensors", ".json"}

    # what is there is not overwritten unasked, and nothing is lost
    before = (here / "made" / "results.csv").read_bytes()
    code, text = said(QUICK, monkeypatch, capsys)
    assert code == USER_ERROR
    assert "found a run in made; go on with --resume, replace it with --overwrite, or choose another --out" in text
    code, text = said([*QUICK, "--resume"], monkeypatch, capsys)
    assert code == USER_ERROR
    assert "expected the same experiment, data and settings" in text
    assert (here / "made" / "results.csv").read_bytes() == before
    assert said([*QUICK, "--overwrite"], monkeypatch, capsys)[0] == 0
    assert set(open_run(here / "made").values("improved, code 8", "mse", split="test")) == {0}

    # bf16 is short for bfloat16
    for precision in ("float32", "bfloat16", "bf16"):
        words = ["encode", "made/improved-code-8-0", "digits", "--out", f"{precision}.npz", "--precision", precision]
        assert said(words, monkeypatch, capsys)[0] == 0
    exact, rounded, short = (np.load(here / f"{name}.npz")["codes"] for name in ("float32", "bfloat16", "bf16"))
    assert np.array_equal(rounded, short)
    assert not np.array_equal(rounded, exact)

    # the page is made anew from the folder alone
    (here / "made" / "report.html").unlink()
    assert said(["report", "made"], monkeypatch, capsys)[0] == 0
    assert (here / "made" / "report.html").is_file()
    assert said(["doctor", "made", "--json"], monkeypatch, capsys)[0] in (0, 1)


def test_a_folder_that_is_no_run_is_not_overwritten(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "made").mkdir()
    (here / "made" / "thesis.tex").write_text("mine")
    code, text = said([*QUICK, "--overwrite"], monkeypatch, capsys)
    assert code == USER_ERROR
    assert "found other files in made" in text
    assert (here / "made" / "thesis.tex").read_text() == "mine"


def test_without_the_test_split_it_is_never_read(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("narrows.data.Dataset.test", property(lambda _: pytest.fail("the test split was read")))
    assert said([*QUICK, "--no-test"], monkeypatch, capsys)[0] == 0
    run = open_run(here / "made")
    assert {row.split for row in run.results} == {"train", "validation"}
    assert "test" not in run.experiment["data"]["n"]


def test_json_is_all_that_stands_on_standard_output(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["narrows", *QUICK, "--json"])
    with pytest.raises(SystemExit):
        main()
    printed = capsys.readouterr()
    assert printed.err == ""
    told = json.loads(printed.out)
    assert (here / told["report"]).is_file()
    assert {"run", "report", "precision", "findings"} == set(told)


def test_an_interrupted_run_says_how_to_go_on_and_ends_at_the_same_weights(here: Path) -> None:
    words = ["run", "quickstart", "--set", "training.epochs=4", "--precision", "float32"]
    interrupting = (
        "import os, signal, sys\nfrom narrows.training.state import TrainingState\nafter = TrainingState.after_step\n"
        "def count(self, interrupted):\n    if self.step == 77 and self.training.optimizer == 'adamw':\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n    return after(self, interrupted)\n"
        "TrainingState.after_step = count\n"
        f"sys.argv = ['narrows', *{words!r}, '--out', 'broken']\nfrom narrows.cli import main\nmain()"
    )

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)

    assert start("-m", "narrows", *words, "--out", "whole").returncode == 0
    stopped = start("-c", interrupting)
    assert stopped.returncode == 130
    assert "the same command with --resume --out broken goes on from here" in re.sub(r"\s+", " ", stopped.stderr)
    assert not open_run(here / "broken").environment["finished"]
    assert start("-m", "narrows", *words, "--out", "broken", "--resume").returncode == 0
    weights = Path("models", "improved-code-8-0", "model.safetensors")
    assert (here / "broken" / weights).read_bytes() == (here / "whole" / weights).read_bytes()
    whole, broken = (
        [row for row in open_run(here / name).results if row.metric != "training_seconds"]
        for name in ("whole", "broken")
    )
    assert whole == broken
