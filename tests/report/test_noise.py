"""Under noise: the matrix, its sentences and its pictures, and runs whose arms were trained on different inputs."""

from pathlib import Path

import numpy as np

from narrows.files import write_json
from narrows.report.page import Gallery, Plot, Table
from narrows.report.sections.summary import answer
from narrows.report.subject import read_subject
from narrows.results import Result, open_run, slug, write_arrays

from .small import page_of, row, section, texts, write_small

CLEAN, AT_3, AT_9 = "as reported, net, clean", "as reported, net, trained at 0.3", "as reported, net, trained at 0.9"
DECIBELS = {  # at noise 0.3, at noise 0.9
    CLEAN: (14.0, 1.5),
    AT_3: (20.0, 9.0),
    AT_9: (17.0, 8.0),
    "improved, all levels": (19.0, 16.0),
    "PCA, code 2": (15.0, 4.0),
    "input": (10.5, 2.0),
}


def write_noisy(folder: Path, *, seeds: tuple[int, ...] = (0,)) -> Path:
    rows = [
        row(arm, value + seed, seed=seed, condition=f"noise={level}")._replace(metric="psnr")
        for arm, values in DECIBELS.items()
        for level, value in zip((0.3, 0.9), values, strict=True)
        for seed in seeds
    ]
    write_small(folder, [*rows, *(row(arm, 5.0) for arm in DECIBELS)])
    trained: dict[str, object] = {AT_3: 0.3, AT_9: 0.9, "improved, all levels": [0.1, 1.0]}
    arms = [
        {
            "name": name,
            "description": {
                "corruption": {"type": "GaussianNoise", "sigma": trained[name]}
                if name in trained
                else {"type": "NoCorruption"}
            },
        }
        for name in DECIBELS
        if name != "input"
    ]
    write_json(folder / "experiment.json", {"name": "small", "arms": arms})
    return folder


def write_pictures(folder: Path, arm: str, errors: tuple[float, float]) -> None:
    """Three black pictures of 2 x 2 pixels, every answer grey; the input of noise 0.9 is wrong by 1 everywhere."""
    target = np.zeros((3, 1, 2, 2), np.float32)
    arrays = {
        "levels": np.array([0.3, 0.9]),
        "index": np.array([4, 5, 6]),
        "target": target,
        "input": np.stack([target + np.float32(0.1), target + 1]),
        "reconstruction": np.stack([target + np.float32(0.5)] * 2),
        "error": np.repeat(np.array(errors)[:, None], 3, axis=1),
    }
    write_arrays(folder / "arrays" / slug(arm, 0) / "under_noise.npz", arrays)


def test_the_matrix_marks_the_best_of_a_level_its_own_level_and_what_is_worse_than_the_input(tmp_path: Path) -> None:
    part = section(page_of(write_noisy(tmp_path)), "noise")
    table = part.blocks[0]
    assert isinstance(table, Table)
    assert [column.label for column in table.columns] == ["arm", "noise 0.3", "noise 0.9"]
    stated = texts(table)
    assert stated[CLEAN] == ["14", "1.500"]
    assert stated["input"] == ["10.50", "2"]
    assert list(stated) == list(DECIBELS)
    cells = {line[0].text: line[1:] for group in table.groups for line in group.rows}
    assert [(arm, [cell.best for cell in line]) for arm, line in cells.items() if any(cell.best for cell in line)] == [
        (AT_3, [True, False]),
        ("improved, all levels", [False, True]),
    ]
    assert [cell.note for cell in cells[AT_3]] == ["its own level", ""]
    assert [cell.note for cell in cells[CLEAN]] == ["", "below the input"]
    assert "One seed." in table.caption


def test_what_the_matrix_shows_is_said(tmp_path: Path) -> None:
    lead = section(page_of(write_noisy(tmp_path)), "noise").lead
    assert lead.startswith(
        f"“{AT_3}” is best at noise 0.3 (20 dB); “improved, all levels” is best at noise 0.9 (16 dB)."
    )
    assert "the one trained at a level is the best at it in 1 of 2 cases." in lead
    assert lead.endswith(f"Some make the picture worse than the noise did: “{CLEAN}” at noise 0.9.")


def test_many_arms_that_make_the_picture_worse_are_counted(tmp_path: Path) -> None:
    names = [f"compared, {number}" for number in range(4)]
    rows = [row(arm, value, condition="noise=0.5")._replace(metric="psnr") for arm, value in
            (*((name, 3.0) for name in names), ("input", 4.0))]  # fmt: skip
    lead = section(page_of(write_small(tmp_path, rows)), "noise").lead
    assert lead.endswith("At noise 0.5, 4 of 6 trained arms make the picture worse than the noise did.")


def test_the_matrix_carries_the_spread_of_its_seeds(tmp_path: Path) -> None:
    table = section(page_of(write_noisy(tmp_path, seeds=(0, 2))), "noise").blocks[0]
    assert isinstance(table, Table)
    # Two seeds 2 apart: the half-width is t(0.975, 1) * sqrt(2) / sqrt(2) = 12.706.
    assert texts(table)[AT_3] == ["21 ± 13", "10 ± 13"]
    assert "over 2 seeds" in table.caption


def test_the_curve_over_noise_is_drawn_once(tmp_path: Path) -> None:
    page = page_of(write_noisy(tmp_path))
    curves = [block for part in page.sections for block in part.blocks if getattr(block, "name", "") == "over-noise"]
    (plot,) = curves
    assert isinstance(plot, Plot)
    assert "conditions" not in [part.anchor for part in page.sections]
    assert len(plot.panels) == 1
    assert len(plot.panels[0].marks) == len(DECIBELS)


def test_pictures_under_noise_carry_their_decibels(tmp_path: Path) -> None:
    write_noisy(tmp_path)
    write_pictures(tmp_path, CLEAN, (0.04, 4.0))
    write_pictures(tmp_path, AT_3, (0.004, 0.4))
    _, _, one, first, last = section(page_of(tmp_path), "noise").blocks
    assert isinstance(one, Gallery)
    assert isinstance(last, Gallery)
    assert [strip.label for strip in one.strips] == ["clean", "noisy input", CLEAN, AT_3]
    # Four pixels: an error of 0.04 is 20 dB, of 4 is 0 dB; the input's is 4 * 0.01 and 4 * 1.
    assert [[picture.caption for picture in strip.pictures] for strip in one.strips[1:]] == [
        ["20.0", "0"],
        ["20", "0"],
        ["30", "10"],
    ]
    assert (
        "picture 5 falls from 20.0 to 0 dB; “as reported, net, trained at 0.3” brings it to 30 and 10 dB." in one.claim
    )
    assert [one.fold, getattr(first, "fold", ""), last.fold] == ["", "pictures at noise 0.3", "pictures at noise 0.9"]
    assert last.heads == ("no. 4", "no. 5", "no. 6")


def test_arms_trained_on_different_inputs_are_judged_on_clean_pictures_where_they_share_them(tmp_path: Path) -> None:
    write_noisy(tmp_path)
    described = (tmp_path / "experiment.json").read_text()
    rows = [row(arm, 1.0, condition=condition) for arm in DECIBELS for condition in ("", "noise=0.0", "noise=0.3")]
    write_small(tmp_path, rows)
    (tmp_path / "experiment.json").write_text(described)
    assert read_subject(open_run(tmp_path)).condition == "noise=0.0"


def test_arms_trained_on_different_inputs_are_judged_on_one_that_they_share(tmp_path: Path) -> None:
    write_noisy(tmp_path)
    shared = [row(arm, 10.0 + place, condition="noise=0.3") for place, arm in enumerate(DECIBELS)]
    own = [row(arm, 1.0 + place) for place, arm in enumerate(reversed(DECIBELS))]
    (tmp_path / "results.csv").unlink()
    rows: list[Result] = [*own, *shared, row(CLEAN, 2.0, condition="pictures=0-9")._replace(n=10)]
    described = (tmp_path / "experiment.json").read_text()
    write_small(tmp_path, rows)
    (tmp_path / "experiment.json").write_text(described)
    subject = read_subject(open_run(tmp_path))
    assert subject.mixed
    assert subject.condition == "noise=0.3"
    assert f"“{CLEAN}”: squared error 10 per picture over 100 test pictures at noise=0.3." in answer(subject)[0]
    tables = [block for block in section(page_of(tmp_path), "results").blocks if isinstance(block, Table)]
    marked = {
        table.fold: [line[0].text for group in table.groups for line in group.rows if any(cell.best for cell in line)]
        for table in tables
    }
    assert marked == {
        "": [CLEAN],
        "reconstruction · each arm's own input · test": [],
        "reconstruction · pictures=0-9 each arm's own input · test": [],
    }
