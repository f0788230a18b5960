"""Several runs to one folder: what it says, what it refuses, and what it keeps apart."""

import csv
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

import narrows
from narrows.cli.verbs import main
from narrows.comparison import Compared
from narrows.comparison.page import build_page
from narrows.comparison.reading import read_field
from narrows.report.page import Cards, Gallery, Page, Plot, Section, Table
from narrows.results import interval, open_run

from ..report.small import texts
from .conftest import FIVE, Runs, bare, tell

HOSTILE = "<script>alert(1)<!-- & $x_1$ %"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def five(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    return narrows.compare(runs(*FIVE), tmp_path_factory.mktemp("compared") / "five")


def page_of(folders: list[Path]) -> Page:
    return build_page(read_field(folders))


def part(page: Page, anchor: str) -> Section:
    return next(section for section in page.sections if section.anchor == anchor)


def tables(page: Page, anchor: str) -> list[Table]:
    return [block for block in part(page, anchor).blocks if isinstance(block, Table)]


def warned(page: Page) -> dict[str, str]:
    """The titles of the cautions, with all that they say."""
    cards = [card for block in part(page, "cautions").blocks if isinstance(block, Cards) for card in block.items]
    said = {card.title: [*(f"{sight.label} {sight.text}" for sight in card.seen), *(text for _, text in card.lines)]
            for card in cards}  # fmt: skip
    return {title: " ".join(parts) for title, parts in said.items()}


def test_five_runs_are_one_folder_of_a_page_its_figures_and_its_tables(five: Compared) -> None:
    names = {path.name for path in five.folder.iterdir()}
    assert names == {"report.html", "figures"} | {f"{name}.{kind}" for name in ("figures", "settings", "paired")
                                                  for kind in ("csv", "tex")}  # fmt: skip
    html = five.report.read_text(encoding="utf-8")
    assert "5 runs compared" in html
    assert all(name in html for name in ("plain: improved, net", "longer: compared, sparse", *FIVE[2:]))
    assert not re.search(r"""(?:src|href)="(?!data:|\#)""", html)
    assert {path.suffix for path in (five.folder / "figures").iterdir()} == {".svg", ".png"}


def test_the_answer_names_the_best_by_how_much_and_whether_that_stands(five: Compared, runs: Runs) -> None:
    names = [(name, arm) for name in ("plain", "longer") for arm in ("improved, net", "compared, sparse")]
    names += [(name, "improved, net") for name in FIVE[2:]]
    means = {
        f"{name}: {arm}" if name in ("plain", "longer") else name: open_run(runs(name)[0]).mean(arm, "squared_error")
        for name, arm in names
    }
    first, second = sorted(means, key=lambda name: means[name])[:2]
    assert five.answer[0].startswith(f"“{first}” is ahead: squared error ")
    assert five.answer[1].startswith(f"“{second}” comes second")
    assert "(95 % interval over 180 pictures)" in five.answer[1]
    assert "settles nothing" in five.answer[1] or "would not be expected to turn that round" in five.answer[1]
    assert [standing.arm for standing in five.standings if standing.behind is None] == [first]


def test_figures_are_the_runs_own_with_student_s_intervals(five: Compared, runs: Runs) -> None:
    (row,) = (
        row
        for row in rows(five.folder / "figures.csv")
        if (row["run"], row["arm"], row["evaluation"], row["condition"], row["split"], row["metric"])
        == ("longer", "improved, net", "reconstruction", "", "test", "psnr")
    )
    values = list(open_run(runs("longer")[0]).values("improved, net", "psnr", split="test").values())
    expected = interval(values)
    assert (float(row["mean"]), float(row["half_width"]), int(row["n_seeds"])) == pytest.approx(expected)
    assert float(row["high"]) - float(row["low"]) == pytest.approx(2 * expected.half_width)
    assert row["n_pictures"] == "180"
    once = [row for row in rows(five.folder / "figures.csv") if row["n_seeds"] == "1"]
    assert once
    assert {row["half_width"] + row["low"] + row["high"] for row in once} == {""}


def test_the_page_has_its_parts_in_order_with_the_same_pictures_of_every_arm_and_each_run_s_findings(
    runs: Runs,
) -> None:
    page = page_of(runs("plain", "wider"))
    parts = [section.anchor for section in page.sections]
    assert parts == ["cautions", "settings", "figures", "paired", "curves", "pictures", "findings", "runs"]
    (gallery,) = (block for block in part(page, "pictures").blocks if isinstance(block, Gallery))
    shown = ["plain: improved, net", "plain: compared, sparse", "wider", "PCA, code 4", "PCA, code 8"]
    assert sorted(strip.label for strip in gallery.strips[1:]) == sorted(shown)
    assert len({len(strip.pictures) for strip in gallery.strips}) == 1
    (cards,) = (block for block in part(page, "findings").blocks if isinstance(block, Cards))
    told = {sight.label for card in cards.items for sight in card.seen}
    found = {finding.name for run in runs("plain", "wider") for finding in open_run(run).findings}
    assert {card.title for card in cards.items} == found
    assert told


def test_only_squared_error_and_psnr_are_paired_with_the_columns_that_the_page_names(five: Compared) -> None:
    paired = rows(five.folder / "paired.csv")
    assert {row["metric"] for row in paired} == {"squared_error", "psnr"}
    named = {"mean", "standard_error", "low", "high", "p_value", "share_first_better", "n_pictures"}
    assert all(row[name] for row in paired for name in named)


@pytest.mark.parametrize(("before", "after"), [('"name": "digits"', '"name": "others"'), ("80-10-10", "70-20-10")])
def test_other_data_and_another_division_keep_runs_apart(before: str, after: str, runs: Runs, tmp_path: Path) -> None:
    other = bare(runs("noisy")[0], tmp_path / "other")
    assert "ahead: " in page_of([*runs("noisy"), other]).answer[0]
    text = (other / "experiment.json").read_text()
    (other / "experiment.json").write_text(text.replace(before, after))
    assert "so none is ahead" in page_of([*runs("noisy"), other]).answer[0]


def test_only_settings_that_differ_are_shown(five: Compared) -> None:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows(five.folder / "settings.csv"):
        found.setdefault((row["of"], row["setting"]), {})[row["name"]] = row["value"]
    assert set(found) == {
        ("of the run", "seeds"),
        ("improved, net", "model.code_size"),
        ("improved, net", "training.epochs"),
        ("improved, net", "training.learning_rate"),
        ("improved, net", "training.batch_size"),
        ("improved, net", "parameters"),
        ("improved, net", "code_numbers"),
    }
    assert found["improved, net", "training.epochs"] == dict(zip(FIVE, ("2", "6", "2", "2", "2"), strict=True))


def test_runs_of_one_arm_each_are_compared_whatever_the_arm_is_called(runs: Runs, tmp_path: Path) -> None:
    copy = tmp_path / "other"
    shutil.copytree(runs("noisy")[0], copy)
    for name in ("experiment.json", "results.csv"):
        text = (copy / name).read_text().replace("improved, net", "improved, other net")
        (copy / name).write_text(text.replace('"epochs": 2', '"epochs": 7'))
    (table,) = tables(page_of([*runs("noisy"), copy]), "settings")
    assert texts(table) == {"training.epochs": ["2", "7"]}


def test_losses_of_different_objectives_stand_in_different_figures(runs: Runs) -> None:
    plots = [block for block in part(page_of(runs("plain", "longer")), "curves").blocks if isinstance(block, Plot)]
    shown = {
        plot.panels[0].y_label: {mark.label for mark in plot.panels[0].marks if hasattr(mark, "label")}
        for plot in plots
    }
    both = {"plain: compared, sparse", "longer: compared, sparse"}
    assert shown["mse"] == both | {"plain: improved, net", "longer: improved, net"}
    assert shown["loss"] == both
    assert {panel.x_label for plot in plots for panel in plot.panels} == {"epoch", "seconds", "step"}


def test_other_pictures_inputs_and_splits_are_said_and_kept_apart(runs: Runs, tmp_path: Path) -> None:
    other = bare(runs("wider")[0], tmp_path / "other")
    text = (other / "experiment.json").read_text()
    (other / "experiment.json").write_text(re.sub(r'"fingerprint": "\w+"', '"fingerprint": "0123"', text))
    page = page_of([*runs("plain", "wider", "noisy", "untested"), other])
    said = warned(page)["not all were judged on the same pictures and the same input"]
    for words in (
        "180 test pictures of digits under GaussianNoise (clip False, sigma 0.3), fingerprint",
        "180 validation pictures of digits, fingerprint",
        "180 test pictures of digits, fingerprint 0123.",
        "input, split and fingerprint.",
    ):
        assert words in said, said
    assert page.answer[0].startswith("On 180 test pictures of digits, “")
    shown = [set(texts(table)) for table in tables(page, "figures") if not table.fold]
    assert len(shown) == 4
    trained = {"plain: improved, net", "plain: compared, sparse", "wider", "noisy", "untested", "other"}
    assert sorted(map(len, (names & trained for names in shown))) == [1, 1, 1, 3]


def test_quick_runs_are_not_to_be_quoted(runs: Runs, tmp_path: Path) -> None:
    hasty = bare(runs("wider")[0], tmp_path / "hasty")
    tell(hasty, quick=True)
    assert page_of([*runs("noisy"), hasty]).status == (
        "hasty is a quick run: it shows that everything works, and its figures mean nothing.",
    )


def test_where_no_two_runs_meet_nobody_is_ahead(runs: Runs) -> None:
    page = page_of(runs("noisy", "untested"))
    assert page.answer == (
        "No two of these runs were judged on the same pictures with the same input, so none is ahead.",
    )


def test_runs_without_arrays_stand_in_the_tables_and_are_not_paired(runs: Runs, tmp_path: Path) -> None:
    alike = [bare(runs("wider")[0], tmp_path / name) for name in ("bare", "nothing")]
    page = page_of([*runs("plain"), alike[0]])
    assert "bare" in warned(page)["no errors of single pictures"]
    assert "bare" in texts(tables(page, "figures")[0])
    assert all("bare" not in name for table in tables(page, "paired") for name in texts(table))
    alone = page_of(alike)
    assert part(alone, "paired").blocks == ()
    assert "it cannot be said whether by chance" in alone.answer[1]


def test_a_baseline_that_several_runs_share_stands_once(five: Compared) -> None:
    names = [standing.arm for standing in five.standings]
    assert names.count("mean picture") == names.count("PCA, code 4") == names.count("PCA, code 8") == 1


def test_runs_of_one_name_are_told_apart_by_their_folders(runs: Runs, tmp_path: Path) -> None:
    for place in ("a", "b"):
        shutil.copytree(runs("noisy")[0], tmp_path / place / "run")
    field = read_field([tmp_path / "a" / "run", tmp_path / "b" / "run"])
    assert [each.name for each in field.contenders if each.trained] == ["a/run", "b/run"]
    assert field.contenders[-1].arm.style != field.contenders[-2].arm.style


def test_names_from_outside_are_escaped(runs: Runs, tmp_path: Path) -> None:
    (noisy,) = runs("noisy")
    shutil.copytree(noisy, tmp_path / HOSTILE)
    found = narrows.compare([noisy, tmp_path / HOSTILE], tmp_path / "out")
    html = found.report.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    latex = (tmp_path / "out" / "figures.tex").read_text()
    assert r"\textless{}script\textgreater{}alert(1)\textless{}!-- \& \$x\_1\$ \%" in latex
    assert "$x_1$" not in "\n".join(line for line in latex.splitlines() if not line.startswith("%"))


def test_what_cannot_be_compared_is_refused_with_a_sentence(runs: Runs, tmp_path: Path) -> None:
    (plain,) = runs("plain")
    with pytest.raises(ValueError, match="expected at least two run folders to compare, found 1; name another run"):
        narrows.compare([plain], tmp_path / "out")
    with pytest.raises(ValueError, match=r"expected different runs, found .*plain twice; name each run once"):
        narrows.compare([plain, plain.parent / "." / "plain"], tmp_path / "out")
    with pytest.raises(FileNotFoundError, match=r"expected a run folder with an experiment.json, found none in "):
        narrows.compare([plain, tmp_path], tmp_path / "out")
    tell(bare(plain, tmp_path / "broken"), finished=False)
    with pytest.raises(ValueError, match=r"expected finished runs, found .*broken, which is not; .*--resume"):
        narrows.compare([plain, tmp_path / "broken"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten_unasked(runs: Runs, tmp_path: Path) -> None:
    folders = [bare(run, tmp_path / run.name) for run in runs("noisy", "untested")]
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match=r"found other files in .*thesis; choose another"):
            narrows.compare(folders, tmp_path / "thesis", overwrite=overwrite)
    out = tmp_path / "out"
    narrows.compare(folders, out)
    with pytest.raises(FileExistsError, match=r"found a comparison in .*out; replace it with --overwrite"):
        narrows.compare(folders, out)
    (out / "old.svg").write_text("old")
    narrows.compare(folders, out, overwrite=True)
    assert (out / "report.html").is_file()
    assert not (out / "old.svg").exists()


def test_the_verb_prints_a_table_the_answer_and_where_the_page_lies(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for run in runs("plain", "wider"):
        bare(run, tmp_path / run.name)

    def call(*options: str) -> tuple[int | str | None, str, str]:
        monkeypatch.setattr(sys, "argv", ["narrows", "compare", "plain", "wider", *options])
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code, *capsys.readouterr()

    code, said, told = call()
    assert (code, told.strip()) == (0, "comparing 2 runs")
    assert "is ahead: squared error" in said
    assert (tmp_path / "comparisons" / "plain-vs-wider" / "report.html").as_uri() in said
    code, said, told = call("--json")
    assert (code, told) == (0, "")
    found = json.loads(said)
    assert found["report"] == "comparisons/plain-vs-wider-2/report.html"
    assert {standing["arm"] for standing in found["standings"]} >= {"plain: improved, net", "wider"}
    assert found["standings"][0]["metrics"]["psnr"]["half_width"] is None
    replaced = ["--out", "comparisons/plain-vs-wider-2"]
    assert [call(*replaced, *more)[0] for more in ([], ["--overwrite"])] == [2, 0]
