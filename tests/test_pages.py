"""The site's pages: whole, up to date with what writes their figures, and true where they show something."""

import ast
import re
import shlex
import sys
from pathlib import Path

import pytest

import narrows
from narrows.cli import main
from narrows.diagnostics import CHECKS
from narrows.results import open_run

from .test_documents import COMMANDS, DOCUMENTS, README, ROOT, blocks, section
from .test_jobs_pages import PAGES, here  # noqa: F401  a folder with the pictures that commands name

DOCS = ROOT / "docs"
LESSONS = sorted((DOCS / "lessons").glob("*.md"))
CHECK_NAMES = [check.__name__ for check in CHECKS]
WRONG = DOCUMENTS["docs/wrong.md"]
QUICK = ("projected_without_mean", "same_picture_in_two_splits", "corruption_too_small", "no_better_than_mean_picture")
"""Faults whose runs take a second; `docs/faults.py` refuses to show any that the doctor does not find."""


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What writes the pages stands beside them."""
    monkeypatch.syspath_prepend(str(DOCS))


def sections_of_checks() -> dict[str, str]:
    """Of the page on faults, by the check's name: what stands under each heading of the third level."""
    found = re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", WRONG, re.DOTALL | re.MULTILINE)
    return {heading.lower().replace(" ", "_"): text for heading, text in found}


def test_every_check_has_its_entry_in_order() -> None:
    assert list(sections_of_checks()) == CHECK_NAMES


@pytest.mark.parametrize("name", CHECK_NAMES)
def test_an_entry_says_all_four_things_and_shows_the_fault(name: str) -> None:
    text = sections_of_checks()[name]
    assert [
        words for words in ("*To recognise it:*", "does:*", "*The cure:*") if words not in " ".join(text.split())
    ] == []
    assert re.findall(r'<img src="([^"]+)" width="\d+" alt="[^"]{20,}">', text) == [f"images/faults/{name}.png"]
    assert re.search(r"^> \*\*.+\*\* \((error|warning|note)", text, re.MULTILINE)


def test_the_pictures_of_faults_are_those_of_the_checks_and_small() -> None:
    pictures = list((DOCS / "images" / "faults").iterdir())
    assert sorted(path.stem for path in pictures) == sorted(CHECK_NAMES)
    assert sum(path.stat().st_size for path in pictures) < 600_000


def test_every_check_has_a_run_that_shows_it() -> None:
    import faults

    assert list(faults.FAULTS) == CHECK_NAMES


@pytest.mark.parametrize("name", QUICK)
def test_the_doctor_finds_in_the_shown_run_what_the_page_says(name: str, tmp_path: Path) -> None:
    import faults

    finding = faults.found(faults.FAULTS[name](tmp_path).run, name)
    assert f"> **{finding.name}** ({finding.severity}" in sections_of_checks()[name]
    assert finding.cure in sections_of_checks()[name]


def test_the_findings_lead_to_the_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["narrows", "doctor", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert "docs/wrong.md" in capsys.readouterr().out


def test_the_figures_of_the_reports_are_up_to_date() -> None:
    import filling
    import reports

    text = DOCUMENTS["docs/reports.md"]
    assert filling.fill(text, reports.blocks(reports.read(DOCS / "results"))) == text


def test_the_reports_page_takes_up_what_is_recorded_later() -> None:
    import reports

    source = reports.read(DOCS / "results")
    without = source._replace(runs={name: run for name, run in source.runs.items() if name != "masking"})
    assert any(line.startswith("Not recorded yet:") and "`masking`" in line for line in reports.rerun(without, "000"))
    assert any("| masking |" in line and "not recorded yet" in line for line in reports.better(without, "000"))
    assert not any("| masking |" in line and "not recorded yet" in line for line in reports.better(source, "000"))


def test_a_block_that_a_page_lacks_is_refused() -> None:
    from filling import fill

    page = "<!-- one -->\n<!-- end -->\n"
    assert fill(page, {"one": ["| a |"]}) == "<!-- one -->\n\n| a |\n\n<!-- end -->\n"
    assert fill(fill(page, {"one": ["x"]}), {"one": ["y"]}) == "<!-- one -->\n\ny\n\n<!-- end -->\n"
    with pytest.raises(ValueError, match="found a difference in two"):
        fill(page, {"one": [], "two": []})


def test_the_results_page_is_up_to_date() -> None:
    import record

    runs = [open_run(folder) for folder in sorted((DOCS / "results").iterdir()) if folder.is_dir()]
    assert "\n".join(record.page(runs)) == DOCUMENTS["docs/results.md"]


def test_the_counts_of_what_was_survived_are_up_to_date() -> None:
    import filling
    import reliability

    text = DOCUMENTS["docs/reliability.md"]
    assert filling.fill(text, reliability.blocks(DOCS / "torture")) == text


def test_what_the_pages_on_jobs_say_they_reach_is_up_to_date() -> None:
    import filling

    import jobs

    for page in jobs.PAGES:
        text = DOCUMENTS[f"docs/{page}.md"]
        assert filling.fill(text, jobs.blocks(page)) == text


def test_every_torture_is_made_and_shown() -> None:
    import reliability

    (listed,) = re.findall(r"^TORTURES := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = 'if __name__ == "__main__":'
    scripts = {path.stem for path in (ROOT / "torture").glob("*.py") if named in path.read_text(encoding="utf-8")}
    assert tuple(listed.split()) == reliability.SUBJECTS
    assert scripts == set(reliability.SUBJECTS)


def test_a_broken_promise_is_shown(tmp_path: Path) -> None:
    import reliability

    from torture import record

    rows = [record.Row("a | b", count=12000, failed=0), record.Row("c", count=3, failed=2, note="now and then")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(record, "KEPT", tmp_path)
        patched.setattr(sys, "argv", ["kill", "--count", "3"])
        with pytest.raises(SystemExit) as ended:
            record.write_record("kill", "Nothing is lost.", rows, 130.0)
    assert ended.value.code == 1
    shown = reliability.blocks(tmp_path)["kill"]
    assert shown[0] == "> Nothing is lost."
    assert shown[4:6] == ["| a \\| b | 12 000 | 0 |  |", "| c | 3 | **2** | now and then |"]
    assert shown[-1].startswith("`python -m torture.kill --count 3`, 2.2 min, ")
    assert reliability.blocks(tmp_path)["disk"] == ["Not recorded yet: `python -m torture.disk` does."]


def test_the_seconds_between_two_states_are_those_that_the_page_says() -> None:
    text = " ".join(DOCUMENTS["docs/reliability.md"].split())
    places = {"src/narrows/training/optimize.py": "every {} seconds", "torture/kill.py": "every {} s here"}
    for path, words in places.items():
        source = (ROOT / path).read_text(encoding="utf-8")
        (seconds,) = re.findall(r"^SAVE_SECONDS = (.*)$", source, re.MULTILINE)
        assert words.format(f"{float(seconds):g}") in text


def test_the_reference_has_every_public_name_once() -> None:
    text = (DOCS / "api.rst").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\.\. auto\w+:: narrows\.(\w+)$", text, re.MULTILINE)) == sorted(narrows.__all__)


def test_the_navigation_names_every_page() -> None:
    named = re.findall(r"^(\w[\w/]*)$", DOCUMENTS["docs/index.md"], re.MULTILINE)
    pages = [*DOCS.glob("*.md"), *DOCS.glob("*.rst"), *LESSONS]
    assert sorted(named) == sorted(
        path.relative_to(DOCS).with_suffix("").as_posix() for path in pages if path.stem != "index"
    )


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_is_short_and_names_what_there_is(path: Path) -> None:
    """`make docs` runs it; here it is only read."""
    text = path.read_text(encoding="utf-8")
    cells = re.findall(r"^```\{code-cell\} python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert 5 <= len(cells) <= 10
    for cell in cells:
        ast.parse(cell)
    assert set(re.findall(r"narrows\.(\w+)", "".join(cells))) <= set(narrows.__all__)
    links = re.findall(r"\]\(([\w./]+)\)", text)
    assert [link for link in links if not (path.parent / link).is_file()] == []


def test_each_of_the_six_jobs_takes_at_most_three_commands_from_the_readme() -> None:
    (block,) = (block for block in blocks(section(README, "Your own pictures")) if "narrows train" in block)
    jobs = [job.splitlines() for job in block.strip().split("\n\n")]
    for job, page in zip(jobs, [page for page in PAGES if page != "compare"], strict=True):
        title, *commands = job
        assert title.startswith("# ")
        assert 1 <= len(commands) <= 3
        told = [line for each in blocks(DOCUMENTS[f"docs/{page}.md"]) for line in each.splitlines()]
        assert [command for command in commands if command not in told] == []  # test_jobs_pages runs those


def test_the_readme_s_other_commands_run(
    here: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    of_pages = {
        line.removeprefix("narrows ")
        for page in PAGES
        for block in blocks(DOCUMENTS[f"docs/{page}.md"])
        for line in block.splitlines()
    }
    # a page takes most of a run's seconds, and tests/report/ writes enough of them
    monkeypatch.setattr("narrows.experiments.run.write_report", lambda folder: folder)
    spoken = [shlex.join(words) for name, words in COMMANDS if name == "README.md" and len(words) > 1]
    left = [command for command in dict.fromkeys(spoken) if command not in of_pages]
    assert left[0] == "run quickstart"
    fetched: list[str] = []

    def fetch(name: str, root: Path | None, tell: object) -> Path:  # noqa: ARG001  test_download has a server
        fetched.append(name)
        return here

    monkeypatch.setattr("narrows.data.download", fetch)
    few = narrows.load("digits").few(100, 30)
    monkeypatch.setattr(
        "narrows.experiments.run.load", lambda name, *a, **k: few if name == "mnist" else narrows.load(name, *a, **k)
    )
    # a finished run cannot be resumed under --set, so the sizes come last
    for command in sorted(left, key=lambda command: "--set" in command):
        words = shlex.split(command)
        monkeypatch.setattr(sys, "argv", ["narrows", *words, *(["--quick"] if words[0] in ("run", "sweep") else [])])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        assert stopped.value.code in ({0, 1} if words[0] == "doctor" else {0}), f"{command}: {said.err}"
    assert fetched == ["mnist"]
    for name in ("quickstart", "pca_vs_autoencoder"):
        assert open_run(here / "runs" / name).environment["finished"]
