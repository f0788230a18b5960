"""The page as written: one file, escaped, described, legible in both themes."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from narrows.report import write_report
from narrows.report.colours import DARK, LIGHT

from .synthetic import ARMS, Pretended, write_run

HOSTILE = '<script>alert("1")</script> & $x_1$ \x07\u202e'


class Page(HTMLParser):
    """Start tags with their attributes, and identifiers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_asks_nothing_of_the_network(report_html: str) -> None:
    for tag, attributes in Page(report_html).tags:
        assert tag not in ("script", "iframe", "object", "embed")
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)
    assert not re.search(r"@import|url\((?!#)", report_html)


def test_every_picture_is_described(report_html: str) -> None:
    pictures = [(tag, attributes) for tag, attributes in Page(report_html).tags if tag in ("img", "svg")]
    assert len(pictures) > 100
    for tag, attributes in pictures:
        assert attributes.get("alt") or attributes.get("aria-label") or attributes.get("aria-hidden") == "true", tag
    plots = [attributes for _, attributes in Page(report_html).tags if attributes.get("role") == "img"]
    assert all(attributes["aria-label"] for attributes in plots)


def test_identifiers_are_unique_and_links_lead_to_them(report_html: str) -> None:
    tags = Page(report_html).tags
    identifiers = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    links = [attributes.get("href") or attributes.get("xlink:href") or "" for _, attributes in tags]
    assert {link[1:] for link in links if link.startswith("#")} <= set(identifiers)


def test_names_from_outside_are_escaped(tmp_path: Path) -> None:
    arm = Pretended(f"compared, {HOSTILE}", 1.0, 0.02, seeds=(0,), note=HOSTILE)
    write_run(tmp_path, (*ARMS[:1], arm, Pretended("_hidden", 1.2, 0.03, seeds=(0,))))
    described = json.loads((tmp_path / "experiment.json").read_text())
    described |= {"title": HOSTILE, "question": HOSTILE, "text": HOSTILE}
    described["data"]["class_names"] = [HOSTILE] * 10
    (tmp_path / "experiment.json").write_text(json.dumps(described))
    html = write_report(tmp_path).read_text(encoding="utf-8")
    assert not any(tag == "script" for tag, _ in Page(html).tags)
    assert "&lt;script&gt;" in html
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", html)
    assert {path.parent for path in tmp_path.rglob("*.svg")} == {tmp_path / "figures"}


def test_a_run_without_any_results_still_gives_a_page(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text("{}")
    (tmp_path / "environment.json").write_text('{"finished": false}')
    assert "not finished" in write_report(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "missing",
    [
        "reconstruction",
        "codes",
        "filters",
        "components",
        "under_noise",
        "out_of_distribution",
        "history.csv",
        "results.csv",
    ],
)
def test_missing_parts_are_left_out(tmp_path: Path, missing: str) -> None:
    write_run(tmp_path, ARMS[:1])
    for path in [*tmp_path.rglob(f"{missing}.npz"), *tmp_path.glob(missing)]:
        path.unlink()
    assert "PCA against an autoencoder" in write_report(tmp_path).read_text(encoding="utf-8")


def test_figures_lie_beside_the_page_for_a_paper(report_path: Path) -> None:
    names = {path.stem for path in (report_path.parent / "figures").glob("*.svg")}
    assert names == {path.stem for path in (report_path.parent / "figures").glob("*.png")}
    assert {"data", "side-by-side", "loss-per-epoch-mse", "loss-per-step-mse", "codes", "explained-variance"} <= names


def test_the_same_run_gives_the_same_page(run_folder: Path, report_html: str) -> None:
    assert write_report(run_folder).read_text(encoding="utf-8") == report_html


def test_text_is_legible_in_both_themes() -> None:
    for theme in (LIGHT, DARK):
        for text in ("ink", "soft", "link"):
            for ground in ("paper", "raised"):
                assert contrast(theme[text], theme[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours by WCAG 2.1's definition."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_the_standard_s() -> None:
    assert contrast("#ffffff", "#000000") == 21.0


def test_importing_the_report_loads_neither_torch_nor_matplotlib() -> None:
    check = "import sys, narrows.report; sys.exit(bool({'torch', 'matplotlib'} & set(sys.modules)))"
    subprocess.run(
        [sys.executable, "-c", check], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
