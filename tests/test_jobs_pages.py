"""The pages on jobs: every command runs as it stands, on tiny pictures."""

import ast
import re
import shlex
import sys
from pathlib import Path

import pytest
from PIL import Image

from narrows.cli import main
from narrows.results import open_run

from .data.layouts import random_bytes
from .test_documents import ROOT, blocks

PAGES = ("compress", "denoise", "inpaint", "separate", "odd", "classify", "compare")


def smooth(number: int, *, grey: bool = False) -> Image.Image:
    small = random_bytes(3, 3, seed=number) if grey else random_bytes(3, 3, 3, seed=number)
    return Image.fromarray(small).resize((12, 12), Image.Resampling.BILINEAR)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")
    for folder in ("photos", "noisy", "damaged", "masks", "faces", "marks", "mixed", "scans"):
        (tmp_path / folder).mkdir()
        for number in range(24 if folder in ("photos", "faces", "marks") else 2):
            picture = smooth(number, grey=folder in ("marks", "masks"))
            picture.save(tmp_path / folder / f"{number}.png")
    for label in ("far", "near"):
        (tmp_path / "sorted" / label).mkdir(parents=True)
        for number in range(20):
            smooth(number, grey=label == "near").save(tmp_path / "sorted" / label / f"{number}.png")
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs(
    page: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    lines = [shlex.split(line) for block in blocks(text) for line in block.splitlines()]
    assert len(lines) >= 2
    for words in lines:
        assert words[0] == "narrows"
        monkeypatch.setattr(sys, "argv", [*words, *(["--quick"] if words[1] == "train" else [])])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        assert stopped.value.code == 0, said.err
    run = open_run(here / lines[0][lines[0].index("--out") + 1])
    assert run.environment["finished"]
    made = {
        "compress": "decoded/0.png",
        "denoise": "clean/1.png",
        "inpaint": "filled/before-and-after.png",
        "separate": "parts/marks/1.png",
        "odd": "errors.csv",
        "classify": "runs/photos/figures/probed-on-sorted-roc-labels-1-0.svg",
        "compare": "comparisons/size/paired.csv",
    }[page]
    assert (here / made).is_file()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_one_small_picture_that_a_command_writes(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert re.findall(r'<img src="([^"]+)" width="\d+" alt="[^"]{20,}">', text) == [f"images/{page}.png"]
    assert (ROOT / "docs" / "images" / f"{page}.png").stat().st_size < 60_000
    writes = ast.parse((ROOT / "docs" / "pictures.py").read_text(encoding="utf-8"))
    assert page in {node.name for node in writes.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_names_what_there_is(page: str) -> None:
    import narrows

    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    for code in blocks(text, "python"):
        compile(code, page, "exec")
        assert set(re.findall(r"narrows\.(\w+)", code)) <= set(narrows.__all__)
        called = re.findall(r"(?:\brun|\))\.(\w+)\(", code)
        assert called
        assert all(callable(getattr(narrows.Run, name)) for name in called)
