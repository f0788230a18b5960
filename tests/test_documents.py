"""What the documents say is so: code runs, commands parse, links lead somewhere, lists are the code's own."""

import ast
import doctest
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import typer

import narrows
from narrows import evaluation
from narrows.cli import app
from narrows.corruption import CORRUPTIONS
from narrows.data import CATALOGUE
from narrows.diagnostics import CHECKS
from narrows.experiments.index import EXPERIMENTS, load_experiment
from narrows.metrics import PER_IMAGE
from narrows.models import ARCHITECTURES, BOTTLENECKS
from narrows.objective.penalties import PENALTIES
from narrows.results import ADDED, FORMAT, METRICS, HistoryRow, Reported, Result, open_run, read_rows

from .test_architecture import EVERYTHING, MAY_IMPORT, PARSED, PARTS, SOURCE, part

ROOT = SOURCE.parent.parent
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
}
README, DESIGN = DOCUMENTS["README.md"], DOCUMENTS["docs/design.md"]
CHANGES, CONTRIBUTING = DOCUMENTS["CHANGELOG.md"], DOCUMENTS["CONTRIBUTING.md"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FENCED, FLAGS = r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE
RECORDED = ("docs/results.md", "docs/results/")
"""Written by `make results`, so perhaps not there yet."""


def blocks(text: str, language: str = "") -> list[str]:
    """Contents of the fenced blocks of a language."""
    return [content for kind, content in re.findall(FENCED, text, FLAGS) if kind == language]


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a text, heads and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rules = {place for place, line in enumerate(lines) if set(line) <= set("|-: ")}
    kept = [line for place, line in enumerate(lines) if place not in rules and place + 1 not in rules]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


def commands(text: str) -> Iterator[list[str]]:
    """The words after `narrows` of every command line in fenced blocks and in single backticks."""
    fenced = [line for block in blocks(text) for line in block.splitlines()]
    quoted = re.findall(r"`([^`]+)`", re.sub(FENCED, "", text, flags=FLAGS))
    for line in (*fenced, *quoted):
        words = shlex.split(line.replace("\\", "/"), comments=True) if "narrows" in line else []
        if len(words) > 1 and words[0].rpartition("/")[2] == "narrows":
            yield words[1:]


COMMANDS = [(name, words) for name, text in DOCUMENTS.items() for words in commands(text)]


def test_the_readme_s_python_runs() -> None:
    (code,) = blocks(README, "python")
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["images"].shape == names["pictures"].shape == (180, 1, 8, 8)
    assert names["codes"].shape == (180, 8)
    assert isinstance(names["model"], narrows.Autoencoder)
    assert isinstance(names["model"], torch.nn.Module)
    assert names["images"].dtype == torch.float32
    assert 0 <= names["images"].min() < names["images"].max() <= 1
    assert {"mse", "psnr", "ssim"} <= set(names["figures"])
    pca = narrows.PCA(8).build(names["digits"].image_shape)
    narrows.fit(pca, names["digits"], narrows.Objective(), training=narrows.Training(epochs=0))
    assert names["figures"]["mse"] < narrows.evaluate(pca, names["digits"].validation).metrics["mse"]


@pytest.mark.parametrize(
    ("name", "words"), COMMANDS, ids=lambda value: value if isinstance(value, str) else shlex.join(value)
)
def test_every_command_line_parses(name: str, words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    left = list(words)
    while left and left[0] in getattr(command, "commands", {}):
        command = command.commands[left.pop(0)]
    assert not hasattr(command, "commands"), f"{name}: no such verb in 'narrows {shlex.join(words)}'"
    if not left:
        return  # the verb alone is spoken of
    with command.make_context("narrows", left) as context:  # refuses unknown options and missing arguments
        given = context.params
    assert given.get("experiment", "EXPERIMENT") in {"EXPERIMENT", *EXPERIMENTS}
    assert given.get("name", "NAME") in {"NAME", *CATALOGUE}


def test_commands_are_found_in_the_readme() -> None:
    found = [shlex.join(words) for name, words in COMMANDS if name == "README.md"]
    assert {"run quickstart", "data list", "run pca_vs_autoencoder --seeds 3", "doctor runs/quickstart"} <= set(found)


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^(\w+):", MAKEFILE, re.MULTILINE))
    named = {target for text in DOCUMENTS.values() for target in re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE)}
    assert {"demo", "test"} <= named <= targets


def test_what_make_test_runs_and_what_it_needs_is_what_the_pages_say() -> None:
    runs = re.findall(r"^\t\$\(BIN\)/(.*)$", MAKEFILE.partition("\ntest:")[2].partition("\n\n")[0], re.MULTILINE)
    named = [" ".join(words.split()) for words in re.findall(r"`((?:ruff|mypy|pytest)\b[^`]*)`", CONTRIBUTING)]
    assert [line.partition(" --num")[0] for line in runs] == named
    assert re.findall(r"^\t.*pip install (?!.*--constraint constraints\.txt)(.*)$", MAKEFILE, re.MULTILINE) == [
        "--quiet --no-deps $(PIP_ARGS) $(PEERS)"  # pinned where they are named
    ]
    assert PROJECT["tool"]["pytest"]["ini_options"]["filterwarnings"] == ["error"]
    assert {"PIP_ARGS"} == set(re.findall(r"^make \w+ (\w+)=", README, re.MULTILINE))
    assert "\nPIP_ARGS ?=" in MAKEFILE
    for text in (README, CONTRIBUTING):
        assert re.findall(r"Python (3\.\d+) or later", text) == [PROJECT["project"]["requires-python"].strip(">=")]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_extra_that_is_to_be_installed_exists(name: str) -> None:
    asked = re.findall(r"pip install narrows\[([\w,]+)\]", DOCUMENTS[name])
    assert {extra for each in asked for extra in each.split(",")} <= set(PROJECT["project"]["optional-dependencies"])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    found = re.findall(r"\]\(([^)\s#]+)\)|src=\"([^\"]+)\"", DOCUMENTS[name])
    targets = [left or right for left, right in found if not (left or right).startswith("https://")]
    paths = [((ROOT / name).parent / target).resolve().relative_to(ROOT.resolve()).as_posix() for target in targets]
    assert [path for path in paths if not (ROOT / path).exists() and not path.startswith(RECORDED)] == []


def test_the_readme_s_table_is_of_the_demo_s_question_and_arms() -> None:
    demo = load_experiment("quickstart")
    (table,) = [block for block in blocks(README) if block.startswith(demo.question)]
    (baseline,) = {f"PCA, code {arm.model.code_size}" for arm in demo.arms}
    arms = re.findall(r"^  (\S.*?)   +[\d.]", table, re.MULTILINE)
    assert arms == ["mean picture", baseline, *(arm.name for arm in demo.arms)]


def test_the_figures_of_the_readme_s_picture_are_recorded() -> None:
    run = open_run(ROOT / "docs" / "results" / "pca_vs_autoencoder")
    said = re.findall(r"([\d.]+) squared error a picture\s+against ([\d.]+) of PCA", README)
    figures = (
        run.mean("improved, code 30", "squared_error"),
        run.mean("PCA, code 30", "squared_error", evaluation="clamped"),
    )
    assert said == [tuple(f"{figure:.4g}" for figure in figures)]
    assert f"three seeds, {run.environment['cores']} CPU cores, {run.environment['seconds'] / 60:.0f} minutes" in README
    assert run.experiment["seeds"] == 3


def test_pictures_are_small() -> None:
    assert [path.name for path in (ROOT / "docs" / "images").iterdir() if path.stat().st_size > 300_000] == []


def test_the_readme_s_family_is_made_of_public_names() -> None:
    text = section(README, "The family")
    named = set(re.findall(r"`([A-Z]\w+)`", text))
    assert named <= set(narrows.__all__)
    assert {*ARCHITECTURES, *BOTTLENECKS} <= named


def test_the_readme_lists_the_doctor_s_checks() -> None:
    items = re.findall(
        r"^- \*\*.*?:\*\*(.*?)(?=^- |\Z)", section(README, "What the doctor finds"), re.DOTALL | re.MULTILINE
    )
    listed = [" ".join(check.split()).lower() for item in items for check in item.split(",")]
    assert sorted(listed) == sorted(check.__name__.replace("_", " ") for check in CHECKS)


def test_the_design_s_tree_is_the_source_s() -> None:
    (tree,) = [block for block in blocks(DESIGN) if block.startswith("src/narrows/\n")]
    drawn = re.findall(r"^  (\S+)", tree, re.MULTILINE)
    modules = {path.name for path in SOURCE.glob("*.py")}
    packages = {path.parent.relative_to(SOURCE).as_posix() + "/" for path in SOURCE.rglob("*/__init__.py")}
    assert sorted(drawn) == sorted(modules | packages)


def test_the_design_s_imports_are_the_ones_under_test() -> None:
    existing = {part(path) for path in PARSED}
    short = {"nothing": frozenset(), "the parts": PARTS, "everything": EVERYTHING & existing}
    drawn = {
        name: {word for words in allowed.split(", ") for word in short.get(words, {words})}
        for names, allowed in rows(section(DESIGN, "3. Layout"))
        for name in re.findall(r"`(\w+)`", names)
    }
    assert drawn == {name: MAY_IMPORT[name] & existing for name in existing if not name.startswith("__")}


def test_the_design_s_columns_and_format_are_the_records_own() -> None:
    for kind in (Result, HistoryRow, Reported):
        assert f" {','.join(kind._fields)}\n" in DESIGN
    assert f"`format` {FORMAT}," in DESIGN


def test_the_design_names_every_study_and_every_evaluation_and_condition_of_the_recorded_runs() -> None:
    kinds = {name: getattr(evaluation, name) for name in evaluation.__all__}
    studies = {name for name, kind in kinds.items() if isinstance(kind, type) and hasattr(kind, "name")}
    assert len(studies) > 10
    text = section(DESIGN, "8. Metrics and evaluation")
    assert [name for name in sorted(studies) if f"`{name}`" not in text] == []
    recorded = [row for path in (ROOT / "docs" / "results").glob("*/results.csv") for row in read_rows(path, Result)]
    disk = section(DESIGN, "10. A run on disk")
    evaluations = {row.evaluation for row in recorded} | set(ADDED)
    assert [name for name in sorted(evaluations) if f"`{name}`" not in " ".join(disk.split())] == []
    keys = {pair.partition("=")[0] for row in recorded for pair in row.condition.split()}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}=", disk)] == []


def test_the_design_names_every_verb() -> None:
    main: Any = typer.main.get_command(app)
    verbs = {name for name in main.commands if name != "data"}
    verbs |= {f"data {name}" for name in main.commands["data"].commands}
    first = section(DESIGN, "11. The command line").strip().partition(". ")[0]
    assert {words.removeprefix("narrows ") for words in re.findall(r"`([^`]+)`", first)} == verbs


def test_the_design_gives_a_reason_for_every_dependency() -> None:
    project = PROJECT["project"]
    stated = {name.strip() for cells in rows(section(DESIGN, "12. Dependencies")) for name in cells[0].split(",")}
    assert stated == {re.split(r"[<>=]", requirement)[0] for requirement in project["dependencies"]}
    extras = (name for extra in project["optional-dependencies"].values() for name in extra)
    wanted = {re.split(r"[<>=]", name)[0] for name in extras if not name.startswith("narrows[")}
    assert [name for name in sorted(wanted) if name not in section(DESIGN, "12. Dependencies")] == []


def test_the_design_names_every_option_of_run() -> None:
    run = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]  # the group's verbs
    options = {name for each in run.params for name in each.opts if name.startswith("--")}
    assert (
        set(re.findall(r"`(--[\w-]+)`", " ".join(cells[0] for cells in rows(section(DESIGN, "11. The command line")))))
        == options
    )


def test_every_metric_of_a_picture_is_explained() -> None:
    assert {f"`{name}`" for name in PER_IMAGE} <= {cells[0] for cells in rows(DOCUMENTS["docs/metrics.md"])}


def test_every_metric_that_has_a_better_end_stands_on_the_page_with_it_and_its_unit() -> None:
    page = DOCUMENTS["docs/metrics.md"]
    shown = {cells[0].strip("`"): cells for cells in rows(page) if cells[0].startswith("`")}
    assert set(shown) <= set(METRICS)
    losses = {"loss", "total_loss", "loss_with_penalty"}  # what a training minimises; judges nothing
    judging = {name for name, metric in METRICS.items() if metric.better} - losses
    assert [name for name in judging if f"`{name}`" not in page] == []
    for name, cells in shown.items():
        assert cells[-2] == METRICS[name].better, name
        assert cells[-3] == METRICS[name].unit or not METRICS[name].unit, name


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_index_says_what_the_experiment_says(name: str) -> None:
    entry, experiment = EXPERIMENTS[name], load_experiment(name)
    assert (name, entry.data, entry.minutes) == (experiment.name, experiment.data, experiment.minutes)


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/design.md", "docs/wrong.md"])
def test_the_paths_that_readers_are_sent_to_exist(name: str) -> None:
    named = re.findall(r"`((?:src|tests|docs)/[\w./]+|\w+/\w+\.py)`", DOCUMENTS[name])
    assert named
    assert [path for path in named if not (ROOT / path).exists() and not (SOURCE / path).exists()] == []


def test_the_tables_that_contributors_add_to_are_where_they_are_told() -> None:
    text = section(CONTRIBUTING, "How to add")
    paths = [ROOT / path for path in re.findall(r"`((?:src|tests)/[\w/]+(?:\.py|/))`", text)]
    files = [path if path.suffix else path / "__init__.py" for path in paths]
    defined = {
        name
        for path in files
        if path.is_file()
        for name in re.findall(r"^([A-Z_]+)\b.* = ", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    tables = set(re.findall(r"`([A-Z]{2,}[A-Z_]*)`", text))
    assert len(tables) > 10
    assert sorted(tables - defined) == []


def test_the_changes_name_every_member_experiment_and_verb() -> None:
    members = {*ARCHITECTURES, *BOTTLENECKS, *PENALTIES, *CORRUPTIONS} - {"NoCorruption"}
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # the group's verbs
    inner = {f"data {name}" for name in verbs["data"].commands}
    named = {" ".join(words.split()) for words in re.findall(r"`([^`]+)`", CHANGES)}
    assert sorted({*members, *EXPERIMENTS, *(set(verbs) - {"data"}), *inner} - named) == []


def test_the_citation_is_whole_and_of_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    keys = dict(re.findall(r"^([a-z-]+):[ \t]*(.*)$", text, re.MULTILINE))
    project = PROJECT["project"]
    assert set(keys) >= {"cff-version", "message", "title", "authors", "version", "license", "type"}
    assert keys["cff-version"] == "1.2.0"
    assert keys["version"] == project["version"]
    assert keys["license"] == project["license"]
    assert re.findall(r"^  - name: (.*)$", text, re.MULTILINE)[0] == project["authors"][0]["name"]
    assert f"## [{project['version']}]" in CHANGES


def test_public_names_are_the_same_in_all_three_places() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    (typed,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imported = {
        node.module: {name.name for name in node.names} for node in typed.body if isinstance(node, ast.ImportFrom)
    }
    assert imported == {home: set(names) for home, names in narrows.HOMES.items()}
    assert sorted(narrows.__all__) == sorted(name for names in narrows.HOMES.values() for name in names)
    assert dir(narrows) == sorted(narrows.__all__)


@pytest.mark.parametrize("name", narrows.__all__)
def test_every_public_name_can_be_had_and_is_explained(name: str) -> None:
    assert getattr(narrows, name).__doc__


def test_an_unknown_name_is_refused_with_the_list() -> None:
    with pytest.raises(AttributeError, match=r"expected one of narrows' names L1, PCA.*found 'Autoencodre'"):
        narrows.__getattr__("Autoencodre")


@pytest.mark.parametrize(
    "path",
    [path.relative_to(SOURCE).as_posix() for path in sorted(SOURCE.rglob("*.py")) if ">>> " in path.read_text("utf-8")],
)
def test_examples_in_docstrings_are_right(path: str) -> None:
    # Read from the source: the doctest module passes over functions that the check of shapes has wrapped.
    module = importlib.import_module(".".join(("narrows", *Path(path).with_suffix("").parts)).removesuffix(".__init__"))
    told: list[str] = []
    for node in ast.walk(ast.parse((SOURCE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            example = doctest.DocTestParser().get_doctest(text, dict(vars(module)), path, path, node.body[0].lineno)
            doctest.DocTestRunner(verbose=False).run(example, out=told.append)
    assert "".join(told) == ""
