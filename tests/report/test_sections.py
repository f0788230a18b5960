"""Sections from rows whose answer is known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from narrows.files import write_json
from narrows.report.page import Cards, Gallery, Line, Plot, Table, Trees
from narrows.report.sections.summary import answer
from narrows.report.subject import read_subject
from narrows.results import HistoryRow, Reported, Result, open_run, slug, write_arrays, write_rows

from .small import BETTER, PCA, TEN, page_of, row, section, texts, write_small


def test_the_answer_sets_the_best_arm_against_clamped_pca(tmp_path: Path) -> None:
    rows = [row(TEN, 16.0), row(BETTER, 8.0), row(PCA, 13.0), row(PCA, 10.0, evaluation="clamped")]
    subject = read_subject(open_run(write_small(tmp_path, [*rows, row("mean picture", 52.0)])))
    best, pca, mean = answer(subject)
    assert best == "The best arm is “improved, code 2”: squared error 8 per picture over 100 test pictures."
    assert "reaches 10" in pca
    assert "20\u202f% below it, so here the network keeps more than PCA" in pca
    assert mean.endswith("gives 52.")


def test_a_lead_smaller_than_the_spread_of_seeds_settles_nothing(tmp_path: Path) -> None:
    rows = [row(BETTER, 8.0, seed=0), row(BETTER, 10.0, seed=1), row(PCA, 9.5)]
    sentences = answer(read_subject(open_run(write_small(tmp_path, rows))))
    assert sentences[1].endswith("which is less than the spread of its seeds and settles nothing.")


def test_the_answer_of_classifiers_is_their_accuracy_with_the_most_and_the_fewest_labels(tmp_path: Path) -> None:
    found = {(TEN, "0.01"): 0.1, (TEN, "1.0"): 0.2, (BETTER, "0.01"): 0.5, (BETTER, "0.6"): 0.9, (BETTER, "1.0"): 0.75}
    rows = [
        Result("small", arm, 0, "label_efficiency", f"labels={share}", "test", "accuracy", value, 100)
        for (arm, share), value in found.items()
    ]
    folder = write_small(tmp_path, [*rows, row(TEN, 1.0), row(BETTER, 2.0)])
    described = json.loads((folder / "experiment.json").read_text())
    arms = [arm | {"task": "classification"} for arm in described["arms"]]
    write_json(folder / "experiment.json", described | {"arms": arms})
    best, reported = answer(read_subject(open_run(folder)))
    assert best.replace("\u202f", " ") == (
        "The best arm is “improved, code 2”: accuracy 0.7500 with 100 % of the labels, 0.5000 with 1 %, over 100 test "
        "pictures."
    )
    assert reported.startswith("The best of the source report's, “as reported, code 2”: accuracy 0.2000 with")


def test_a_classifier_of_pixels_is_not_said_to_learn_from_a_code(tmp_path: Path) -> None:
    rows = [
        Result("small", arm, 0, "label_efficiency", "labels=1.0", "test", "accuracy", 0.5, 100) for arm in (TEN, BETTER)
    ]
    folder = write_small(tmp_path, [*rows, row(TEN, 1.0), row(BETTER, 2.0)])
    for arm, features in ((TEN, "pixels"), (BETTER, "code")):
        arrays = {"features": np.array(features)}
        write_arrays(folder / "arrays" / slug(arm, 0) / "label_efficiency.npz", arrays)
    (table,) = (block for block in section(page_of(folder), "probe").blocks if isinstance(block, Table))
    learnt_from = {line[0].text: line[1].text for group in table.groups for line in group.rows}
    assert learnt_from == {TEN: "pixels", BETTER: "2"}


def test_reported_figures_join_their_reruns_and_the_improved_arm(tmp_path: Path) -> None:
    some = "pictures=0-9"
    rows = [
        row(TEN, 16.5, evaluation="as measured in the report", condition=some),
        row(TEN, 14.0, condition=some),
        row(BETTER, 8.0, condition=some),
    ]
    write_small(tmp_path, rows)
    stated = Reported("004", "small", TEN, "mnist", some, "test", "squared_error", 16.272, "no", "fed 0..255")
    unknown = stated._replace(arm="as reported, other", valid="doubtful")
    write_rows(tmp_path / "reported.csv", Reported, [stated, unknown])
    (table,) = section(page_of(tmp_path), "comparison").blocks
    assert isinstance(table, Table)
    first, second = table.groups[0].rows
    assert [cell.text for cell in first] == [TEN, "16.272", "16.50", "14", "8"]
    assert first[1].note == "not valid"
    assert first[0].note == "squared error per picture · test split · pictures=0-9\nfed 0..255"
    assert first[4].note == BETTER
    assert [cell.text for cell in second[1:4]] == ["16.272", "\u2013", "\u2013"]
    assert second[1].note == "doubtful"


def test_a_reported_figure_stands_beside_the_improved_arm_of_as_many_numbers(tmp_path: Path) -> None:
    single, larger = "as reported, fc(2)", "improved, code 4"
    write_small(tmp_path, [row(single, 14.0), row(BETTER, 8.0), row(larger, 4.0)])
    sizes = {single: 2, BETTER: 2, larger: 4}
    arms = [{"name": name, "role": name.partition(",")[0], "code_numbers": size} for name, size in sizes.items()]
    write_json(tmp_path / "experiment.json", {"name": "small", "title": "Small", "arms": arms})
    stated = Reported("004", "small", single, "mnist", "", "test", "squared_error", 16.0, "yes", "")
    write_rows(tmp_path / "reported.csv", Reported, [stated])
    (table,) = section(page_of(tmp_path), "comparison").blocks
    assert isinstance(table, Table)
    (line,) = table.groups[0].rows
    assert (line[4].text, line[4].note) == ("8", BETTER)


def test_the_error_that_was_meant_stands_beside_a_matrix_product(tmp_path: Path) -> None:
    some = "pictures=0-9"
    product = row(TEN, -3.5, evaluation="as measured in the report", condition=some)
    write_small(tmp_path, [product._replace(metric="matrix_product_lowest"), row(TEN, 14.0, condition=some)])
    stated = Reported("004", "small", TEN, "mnist", some, "test", "matrix_product_lowest", -21.199, "no", "")
    write_rows(tmp_path / "reported.csv", Reported, [stated])
    (table,) = section(page_of(tmp_path), "comparison").blocks
    assert isinstance(table, Table)
    (line,) = table.groups[0].rows
    assert [cell.text for cell in line[1:4]] == ["\u221221.199", "\u22123.500", "14"]
    assert line[3].note == "squared error"


def test_the_best_of_a_column_is_marked_and_the_input_does_not_compete(tmp_path: Path) -> None:
    rows = [row(TEN, 16.0), row(BETTER, 8.0), row(BETTER, 7.5, evaluation="clamped"), row("input", 0.0)]
    table = section(page_of(write_small(tmp_path, rows)), "results").blocks[0]
    assert isinstance(table, Table)
    cells = {line[0].text: line[1] for group in table.groups for line in group.rows}
    assert [name for name, cell in cells.items() if cell.best] == [BETTER]
    assert cells[BETTER].note == "(7.500)"
    assert cells[TEN].note == ""
    assert [group.label for group in table.groups] == ["As reported", "Improved", "Baselines"]


def test_losses_are_means_over_epochs_and_seeds(tmp_path: Path) -> None:
    write_small(tmp_path, [])
    history = [
        HistoryRow(TEN, seed, step, step // 2 + 1, 0.0, "mse", "train", float(step + 1 + seed))
        for seed in (0, 2)
        for step in range(4)
    ]
    write_rows(tmp_path / "history.csv", HistoryRow, history)
    per_epoch = section(page_of(tmp_path), "learning").blocks[0]
    assert isinstance(per_epoch, Plot)
    (line,) = per_epoch.panels[0].marks
    assert isinstance(line, Line)
    # Seed 0 sees 1 2 | 3 4, seed 2 sees 3 4 | 5 6: epoch means 1.5, 3.5 and 3.5, 5.5.
    assert line.y.tolist() == [2.5, 4.5]
    assert line.low is not None
    assert line.low.tolist() == [1.5, 3.5]


def test_a_single_epoch_is_folded_away_for_it_shows_no_course(tmp_path: Path) -> None:
    write_small(tmp_path, [])
    history = [HistoryRow(TEN, 0, step, 1, 0.0, "mse", "train", float(step + 1)) for step in range(4)]
    write_rows(tmp_path / "history.csv", HistoryRow, history)
    per_step, per_epoch = section(page_of(tmp_path), "learning").blocks
    assert isinstance(per_step, Plot)
    assert isinstance(per_epoch, Plot)
    assert (per_step.fold, per_epoch.fold) == ("", "mse per epoch")


def test_findings_stand_gravest_first_and_their_absence_is_said(run_folder: Path, tmp_path: Path) -> None:
    (cards,) = section(page_of(run_folder), "findings").blocks
    assert isinstance(cards, Cards)
    assert [card.tag for card in cards.items] == ["error", "warning", "note"]
    assert "No doctor" in section(page_of(write_small(tmp_path, [])), "findings").lead
    write_json(tmp_path / "findings.json", {"findings": [], "conclusions": []})
    assert "found nothing" in section(page_of(tmp_path), "findings").lead


def finding(severity: str, name: str, arm: str, cure: str = "Train longer.") -> dict[str, str]:
    return {"severity": severity, "name": name, "arm": arm, "evidence": f"seen in {arm}", "cure": cure}


def test_one_card_tells_what_was_found_in_several_arms(tmp_path: Path) -> None:
    write_small(tmp_path, [])
    found = [
        finding("warning", "dead code units", TEN),
        finding("error", "no better than PCA", TEN),
        finding("warning", "no better than PCA", TEN),
        finding("error", "no better than PCA", "elsewhere", cure="Use PCA."),
        finding("error", "no better than PCA", ""),
    ]
    write_json(tmp_path / "findings.json", {"findings": found, "conclusions": []})
    opening = section(page_of(tmp_path), "findings")
    (cards,) = opening.blocks
    assert isinstance(cards, Cards)
    assert [(card.tag, card.title) for card in cards.items] == [
        ("error", "no better than PCA"),
        ("warning", "dead code units"),
        ("warning", "no better than PCA"),
    ]
    gravest = cards.items[0]
    assert [(sight.label, sight.text) for sight in gravest.seen] == [
        (TEN, f"seen in {TEN}"),
        ("elsewhere", "seen in elsewhere"),
        ("", "seen in "),
    ]
    assert [sight.style is None for sight in gravest.seen] == [False, True, True]
    assert gravest.lines == (("Cure", "Train longer."), ("Cure", "Use PCA."))
    assert "3 errors and 2 warnings, the same in several arms told once" in opening.lead


@pytest.mark.parametrize(
    ("about", "severity", "said"),
    [(TEN, "warning", True), (TEN, "note", False), (BETTER, "warning", False), ("", "error", False)],
)
def test_it_is_said_where_no_error_or_warning_is_about_an_improved_arm(
    tmp_path: Path, about: str, severity: str, said: bool
) -> None:
    write_small(tmp_path, [])
    found = [finding(severity, "not converged", about), finding("note", "spread of seeds unknown", BETTER)]
    write_json(tmp_path / "findings.json", {"findings": found, "conclusions": []})
    lead = section(page_of(tmp_path), "findings").lead
    assert lead.endswith(f"None of the errors and warnings is about the improved arm, “{BETTER}”.") == said


def test_a_partial_run_leaves_out_what_is_missing_and_says_so(tmp_path: Path) -> None:
    page = page_of(write_small(tmp_path, [], quick=True, finished=False))
    assert [found.anchor for found in page.sections] == ["findings", "reproduce"]
    assert len(page.status) == 2
    assert page_of(write_small(tmp_path, [row(TEN, 1.0)], quick=False, finished=True)).status == ()


def test_figures_are_numbered_in_order_and_every_one_has_its_sentence(run_folder: Path) -> None:
    page = page_of(run_folder)
    figures = [block for found in page.sections for block in found.blocks if isinstance(block, Plot | Gallery)]
    assert [block.number for block in figures] == list(range(1, len(figures) + 1))
    assert all(block.claim.endswith(".") and block.caption for block in figures)
    assert len({block.name for block in figures}) == len(figures)


def test_an_arm_keeps_its_look_in_every_figure(run_folder: Path) -> None:
    page = page_of(run_folder)
    styles: dict[str, set[Any]] = {}
    for block in (block for found in page.sections for block in found.blocks):
        if isinstance(block, Plot):
            for mark in (mark for panel in block.panels for mark in panel.marks if isinstance(mark, Line)):
                styles.setdefault(mark.label, set()).add(mark.style)
        elif isinstance(block, Gallery):
            for strip in block.strips:
                if strip.style:
                    styles.setdefault(strip.label, set()).add(strip.style)
    assert len(styles) >= 5
    assert all(len(looks) == 1 for looks in styles.values())
    assert len(set.union(*styles.values())) == len(styles)


def test_pictures_carry_their_errors(tmp_path: Path) -> None:
    write_small(tmp_path, [row(TEN, 1.0)])
    target = np.zeros((2, 1, 4, 4), np.float32)
    arrays: dict[str, NDArray[Any]] = {
        "index": np.array([7, 9]),
        "target": target,
        "reconstruction": target + 0.25,
        "error": np.array([1.0, 1.0]),
    }
    write_arrays(tmp_path / "arrays" / slug(TEN, 0) / "reconstruction.npz", arrays)
    gallery = section(page_of(tmp_path), "pictures").blocks[0]
    assert isinstance(gallery, Gallery)
    assert gallery.heads == ("no. 7", "no. 9")
    assert [picture.caption for picture in gallery.strips[1].pictures] == ["1", "1"]
    assert gallery.strips[1].pictures[0].pixels.max() == 64  # 0.25 of 255, rounded


def test_differences_are_signed_and_of_one_scale(tmp_path: Path) -> None:
    write_small(tmp_path, [row(TEN, 1.0)])
    target = np.full((2, 1, 4, 4), 0.5, np.float32)
    for arm, offset in ((TEN, 0.25), (BETTER, -0.125), (PCA, 0.0)):
        arrays: dict[str, NDArray[Any]] = {
            "index": np.array([7, 9]),
            "target": target,
            "reconstruction": target + np.float32(offset),
            "error": np.array([0.5, 1.5]),
        }
        write_arrays(tmp_path / "arrays" / slug(arm, 0) / "reconstruction.npz", arrays)
    write_arrays(tmp_path / "arrays" / slug(PCA, 0) / "components.npz", {"explained_variance_ratio": np.array([0.6])})
    write_rows(tmp_path / "results.csv", Result, [row(arm, 1.0) for arm in (TEN, BETTER, PCA)])
    page = page_of(tmp_path)
    gallery = next(block for block in section(page, "pictures").blocks if getattr(block, "fold", ""))
    assert isinstance(gallery, Gallery)
    assert [strip.label for strip in gallery.strips] == ["original", PCA, TEN, BETTER]
    # Vermilion at the scale's end, blue half-way to the other, neutral at 0.
    colours = [strip.pictures[0].pixels[0, 0].tolist() for strip in gallery.strips[1:]]
    assert colours == [[247, 245, 240], [213, 94, 0], [127, 184, 216]]
    assert gallery.scale is not None
    assert (gallery.scale.low, gallery.scale.high) == ("\u22120.25", "0.25")
    of_pca = section(page, "components").blocks[-1]
    assert isinstance(of_pca, Gallery)
    assert [strip.label for strip in of_pca.strips] == ["original", "reconstruction", "difference"]
    assert [picture.caption for picture in of_pca.strips[1].pictures] == ["0.500", "1.50"]
    assert of_pca.claim == f"On these 2 pictures {PCA} has a squared error of 1 a picture, from 0.500 to 1.50."


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_any_number_of_channels_can_be_shown(tmp_path: Path, channels: int) -> None:
    write_small(tmp_path, [row(TEN, 1.0)])
    images = np.random.default_rng(0).random((2, channels, 5, 7), np.float32)
    arrays: dict[str, NDArray[Any]] = {
        "index": np.arange(2),
        "target": images,
        "reconstruction": images,
        "error": np.zeros(2),
    }
    write_arrays(tmp_path / "arrays" / slug(TEN, 0) / "reconstruction.npz", arrays)
    gallery = section(page_of(tmp_path), "pictures").blocks[0]
    assert isinstance(gallery, Gallery)
    assert gallery.strips[0].pictures[0].pixels.shape == (5, 7, 3)


def test_a_numeric_condition_becomes_a_curve(tmp_path: Path) -> None:
    rows = [row(arm, 10 * level + offset, condition=f"noise={level} pixels=all")
            for arm, offset in ((TEN, 2.0), (BETTER, 1.0)) for level in (0.3, 0.5)]  # fmt: skip
    (plot,) = section(page_of(write_small(tmp_path, rows)), "conditions").blocks
    assert isinstance(plot, Plot)
    assert plot.claim == "At noise 0.5 “improved, code 2” does best: squared error (per picture) 6."
    assert plot.caption.startswith("Test pictures at pixels=all")


@pytest.mark.parametrize(("metric", "logarithmic"), [("squared_error", True), ("psnr", False)])
def test_figures_far_apart_share_a_logarithmic_axis_unless_they_are_decibels(
    tmp_path: Path, metric: str, logarithmic: bool
) -> None:
    rows = [row(arm, figure * level, condition=f"ratio={level}")._replace(metric=metric)
            for arm, figure in ((TEN, 1.0), (BETTER, 50.0)) for level in (0.3, 0.5)]  # fmt: skip
    (plot,) = section(page_of(write_small(tmp_path, rows)), "conditions").blocks
    assert isinstance(plot, Plot)
    assert [panel.log_y for panel in plot.panels] == [logarithmic]


def test_arms_that_differ_in_their_code_size_become_a_curve(tmp_path: Path) -> None:
    rows = [row(f"{kind}, code {size}", error / size)
            for kind, error in (("as reported", 64.0), ("improved", 32.0)) for size in (4, 8, 16)]  # fmt: skip
    rows += [row("PCA, code 4", 10.0), row("PCA, code 8", 9.0), row("compared, plain", 1.0)]
    (plot,) = section(page_of(write_small(tmp_path, rows)), "sizes").blocks
    assert isinstance(plot, Plot)
    assert plot.claim == "With 4 numbers “improved” has the best squared error, 8; with 16 “improved”, 2."
    (panel,) = plot.panels
    assert {mark.label: mark.x.tolist() for mark in panel.marks if isinstance(mark, Line)} == {
        "as reported": [4, 8, 16],
        "improved": [4, 8, 16],
    }


def test_two_sizes_make_no_curve(tmp_path: Path) -> None:
    page = page_of(write_small(tmp_path, [row(f"improved, code {size}", 1.0) for size in (4, 8)]))
    assert "sizes" not in [part.anchor for part in page.sections]


def test_hidden_pixels_turn_blue_in_the_input_only(tmp_path: Path) -> None:
    write_small(tmp_path, [row(TEN, 1.0)])
    clean = np.ones((1, 1, 2, 2), np.float32)
    hidden = np.zeros((1, 1, 2, 2), bool)
    hidden[0, 0, 0, 1] = True
    arrays: dict[str, NDArray[Any]] = {"index": np.arange(1), "clean": clean, "target": clean, "hidden": hidden}
    write_arrays(tmp_path / "arrays" / slug(TEN, 0) / "reconstruction.npz", arrays | {"input": clean * ~hidden})
    gallery = section(page_of(tmp_path), "data").blocks[-1]
    assert isinstance(gallery, Gallery)
    assert [strip.label for strip in gallery.strips] == ["clean = target", "input"]
    pixels = gallery.strips[1].pictures[0].pixels
    assert pixels[0, 1].tolist() == [86, 180, 233]
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert "Hidden pixels are blue." in gallery.caption


def test_arms_that_learned_from_the_validation_pictures_are_named(tmp_path: Path) -> None:
    write_small(tmp_path, [])
    used = {TEN: "train and validation", BETTER: "train"}
    write_json(tmp_path / "experiment.json", {"arms": [{"name": arm, "data_used": used[arm]} for arm in used]})
    history = [HistoryRow(arm, 0, step, step, 0.0, "mse", "train", 0.1) for arm in used for step in (1, 2)]
    write_rows(tmp_path / "history.csv", HistoryRow, [*history, history[-1]._replace(split="validation")])
    plot = section(page_of(tmp_path), "learning").blocks[0]
    assert isinstance(plot, Plot)
    assert plot.caption.endswith(f"Trained on the validation pictures too, hence without a validation curve: “{TEN}”.")


def test_what_pca_spends_is_not_called_trainable(run_folder: Path) -> None:
    table = section(page_of(run_folder), "results").blocks[1]
    assert isinstance(table, Table)
    assert "parameters" in [column.label for column in table.columns]


def test_what_passes_around_a_code_stands_beside_it(tmp_path: Path) -> None:
    folder = write_small(tmp_path, [row(TEN, 1.0), row(BETTER, 2.0)])
    arms = [{"name": TEN, "code_numbers": 128, "bypass_numbers": 768}, {"name": BETTER, "code_numbers": 2}]
    described = json.loads((folder / "experiment.json").read_text())
    described["arms"] = [old | new for old, new in zip(described["arms"], arms, strict=True)]
    write_json(folder / "experiment.json", described)
    tables = [block for block in section(page_of(folder), "results").blocks if isinstance(block, Table)]
    (spent,) = [table for table in tables if "around the code" in [column.label for column in table.columns]]
    assert texts(spent)[TEN][:2] == ["128", "768"]


def test_an_experiment_without_reports_has_no_comparison(tmp_path: Path) -> None:
    page = page_of(write_small(tmp_path, [row(TEN, 1.0)]))
    assert [found.anchor for found in page.sections] == ["findings", "results", "reproduce"]


def test_an_accuracy_is_led_by_the_highest(tmp_path: Path) -> None:
    write_small(tmp_path, [])
    values = {TEN: 0.7, BETTER: 0.8}
    history = [
        HistoryRow(arm, 0, step, step, 0.0, "keras_accuracy", "validation", value)
        for arm, value in values.items()
        for step in (1, 2)
    ]
    write_rows(tmp_path / "history.csv", HistoryRow, history)
    (plot,) = section(page_of(tmp_path), "learning").blocks
    assert isinstance(plot, Plot)
    assert plot.claim == "“improved, code 2” ends highest on validation, at 0.8000."
    assert not plot.panels[0].log_y


def test_arms_are_compared_after_the_same_time(tmp_path: Path) -> None:
    write_small(tmp_path, [])
    # after 2 s the second arm is a third of the way from 0.81 to 0.41
    history = [
        HistoryRow(arm, seed, step, step, step * seconds, "mse", "validation", value / step + 0.02 * seed)
        for arm, seconds, value in ((TEN, 1.0, 1.0), (BETTER, 1.5, 0.8))
        for seed in (0, 1)
        for step in (1, 2)
    ]
    write_rows(tmp_path / "history.csv", HistoryRow, history)
    plot = section(page_of(tmp_path), "learning").blocks[1]
    assert isinstance(plot, Plot)
    first, second = plot.panels[0].marks
    assert isinstance(first, Line)
    assert isinstance(second, Line)
    assert [first.x.tolist(), second.x.tolist()] == [[1.0, 2.0], [1.5, 3.0]]
    assert first.y.tolist() == pytest.approx([1.01, 0.51])
    assert plot.claim == f"After 2 s of training, when the shortest ends, “{TEN}” stands lowest, at 0.5100."


def test_a_nested_description_becomes_indented_lines(tmp_path: Path) -> None:
    write_small(tmp_path, [])
    description = {"objective": {"penalties": [{"kind": "L1"}], "weights": []}, "widths": [512, 256]}
    write_json(tmp_path / "experiment.json", {"arms": [{"name": TEN, "description": description}]})
    (trees,) = section(page_of(tmp_path), "protocol").blocks
    assert isinstance(trees, Trees)
    assert trees.items[0].lines == (
        (0, "objective", ""),
        (1, "penalties", ""),
        (2, "kind", "L1"),
        (1, "weights", "none"),
        (0, "widths", "512, 256"),
    )
