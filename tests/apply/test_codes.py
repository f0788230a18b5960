import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from narrows import Run
from narrows.apply import decode_to_files, encode_to_file, gather, judge, probe
from narrows.corruption import GaussianNoise
from narrows.data import from_array, read_picture
from narrows.files import alone_in
from narrows.models import PCA, Autoencoder, Convolutional, Dense
from narrows.report.numbers import figure
from narrows.results import Result, open_run, read_rows
from narrows.types import Architecture

from ..data.layouts import random_bytes, write_picture
from .small import ARM, complete, write_run

LABELLED = from_array(random_bytes(30, 3, 6, 6), np.arange(30) % 2, name="labelled")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(6):
        write_picture(tmp_path / "photos" / ("cat" if number < 4 else "dog") / f"{number}.png", 6, 6, seed=number)
    (tmp_path / "photos" / "dog" / "broken.png").touch()
    return tmp_path / "photos"


def test_codes_stand_beside_files_and_labels_and_come_back_as_pictures(photos: Path, tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (3, 6, 6))
    gathered = gather(run, str(photos))
    assert gathered.unreadable == (("dog/broken.png", "the file is empty"),)
    codes = encode_to_file(run, gathered, tmp_path / "codes.npz")
    with np.load(tmp_path / "codes.npz") as archive:
        assert np.array_equal(archive["codes"], codes)
        assert codes.shape == (6, 108)
        assert archive["files"].tolist() == [f"cat/{n}.png" for n in range(4)] + ["dog/4.png", "dog/5.png"]
        assert archive["class_names"][archive["labels"]].tolist() == ["cat"] * 4 + ["dog"] * 2
    written = decode_to_files(run, tmp_path / "codes.npz", tmp_path / "out")
    assert written[4] == "dog/4.png"
    found = read_picture(tmp_path / "out" / "dog" / "4.png").astype(int)
    assert np.abs(found - read_picture(photos / "dog" / "4.png")).max() <= 1


def test_codes_in_bfloat16_differ_by_its_rounding_alone(photos: Path, tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (3, 6, 6))
    pictures = gather(run, str(photos)).pictures.images
    exact, rounded = run.encode(pictures), run.encode(pictures, precision="bfloat16")
    assert rounded.dtype == np.float32
    assert 0 < np.abs(rounded - exact).max() < 2**-6 * np.abs(exact).max()  # bfloat16 keeps 8 bits


def test_bytes_have_the_codes_of_their_floats_bit_for_bit(photos: Path, tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (3, 6, 6))
    pictures = gather(run, str(photos)).pictures.images
    assert np.array_equal(run.encode(pictures), run.encode(pictures.astype(np.float32) / np.float32(255)))


def test_pictures_are_encoded_in_any_layout_and_decoded_within_0_and_1(tmp_path: Path) -> None:
    colour, grey = complete(tmp_path / "colour", (3, 6, 6)), complete(tmp_path / "grey", (1, 6, 6))
    pictures = random_bytes(2, 3, 6, 6)
    codes = colour.encode(pictures)
    assert np.array_equal(colour.encode(np.moveaxis(pictures, 1, -1)), codes)
    assert np.array_equal(grey.encode(pictures[:, 0]), grey.encode(pictures[:, :1]))
    again = colour.decode(100 * codes)
    assert again.shape == (2, 3, 6, 6)
    assert (again.min(), again.max()) == (0.0, 1.0)


def test_without_classes_there_are_no_labels_in_the_file(tmp_path: Path) -> None:
    write_picture(tmp_path / "flat" / "a.png", 6, 6)
    run = complete(tmp_path / "run", (3, 6, 6))
    encode_to_file(run, gather(run, str(tmp_path / "flat")), tmp_path / "codes.npz")
    with np.load(tmp_path / "codes.npz") as archive:
        assert set(archive.files) == {"codes", "files"}


def test_parquet_holds_the_same(photos: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    run = complete(tmp_path / "run", (3, 6, 6))
    codes = encode_to_file(run, gather(run, str(photos)), tmp_path / "codes.parquet")
    table = parquet.read_table(tmp_path / "codes.parquet")
    assert table.column_names == ["file", "code", "label"]
    assert table["label"].to_pylist() == ["cat"] * 4 + ["dog"] * 2
    assert np.array_equal(np.array(table["code"].to_pylist(), np.float32), codes)
    assert decode_to_files(run, tmp_path / "codes.parquet", tmp_path / "out")[0] == "cat/0.png"


def test_pictures_are_brought_to_the_model_s_size_and_channels(photos: Path, tmp_path: Path) -> None:
    grey = Run.open(write_run(tmp_path / "grey", Dense((), 3), (1, 4, 5)))
    assert gather(grey, str(photos)).pictures.images.shape == (6, 1, 4, 5)
    colour = Run.open(write_run(tmp_path / "colour", Dense((), 3), (3, 8, 8)))
    digits = gather(colour, "digits")
    assert digits.pictures.image_shape == (3, 8, 8)
    assert (len(digits.files), digits.files[1]) == (180, "00001")
    assert encode_to_file(colour, digits, tmp_path / "codes.npz").shape == (180, 3)
    np.save(tmp_path / "two.npy", random_bytes(2, 9, 9))
    assert gather(colour, str(tmp_path / "two.npy")).pictures.image_shape == (3, 8, 8)


def test_files_of_codes_that_are_none_are_refused(tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (1, 4, 4))
    np.savez(tmp_path / "other.npz", pictures=np.zeros((2, 3)))
    for name, error in (("codes.csv", "ends in .npz or .parquet"), ("other.npz", "codes is not a file in the archive")):
        with pytest.raises(ValueError, match=error):
            decode_to_files(run, tmp_path / name, tmp_path / "out")
    (tmp_path / "text.npz").write_text("no zip")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "other.npz").read_bytes()[:-30])
    for name in ("text.npz", "cut.npz"):
        with pytest.raises(
            ValueError, match=rf"file of codes in .*{name}, found one that cannot be read .*; 'narrows e"
        ):
            decode_to_files(run, tmp_path / name, tmp_path / "out")
    np.savez(tmp_path / "odd.npz", codes=np.zeros((2, 16)), files=np.array(["a.png"]))
    with pytest.raises(ValueError, match=r"and a file for each in .*odd.npz, found \(2, 16\) and 1 files"):
        decode_to_files(run, tmp_path / "odd.npz", tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="expected a file of codes"):
        decode_to_files(run, tmp_path / "nowhere.npz", tmp_path / "out")
    np.savez(tmp_path / "out.npz", codes=np.zeros((1, 16)), files=np.array(["../../a.png"]))
    with pytest.raises(ValueError, match=r"expected a name below .*out, found ../../a.png"):
        decode_to_files(run, tmp_path / "out.npz", tmp_path / "out")
    np.savez(tmp_path / "few.npz", codes=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="expected codes of 16 numbers, found 3"):
        decode_to_files(run, tmp_path / "few.npz", tmp_path / "out")


def test_decoded_pictures_get_names_of_their_own_and_replace_none(tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (1, 4, 4))
    codes, out = tmp_path / "codes.npz", tmp_path / "out"
    np.savez(codes, codes=np.zeros((3, 16)), files=np.array(["a.jpg", "a.png", "b.tif"]))
    assert decode_to_files(run, codes, out) == ("a.jpg.png", "a.png.png", "b.png")
    (out / "a.jpg.png").unlink()
    with pytest.raises(FileExistsError, match=r"expected no file at .*a.png.png, found one; choose another --out"):
        decode_to_files(run, codes, out)
    assert not (out / "a.jpg.png").exists()  # refused before the first is written
    np.savez(codes, codes=np.zeros((2, 16)), files=np.array(["c.png", "c.png"]))
    with pytest.raises(ValueError, match=r"expected a name of its own for each picture, found c.png.png twice"):
        decode_to_files(run, codes, out)


@pytest.mark.parametrize(
    ("architecture", "at_once"), [(Dense((), 3), 500), (Convolutional((2, 3)), 16)], ids=["dense", "convolutional"]
)
def test_pictures_get_the_same_codes_in_parts_and_one_by_one(
    architecture: Architecture, at_once: int, tmp_path: Path
) -> None:
    run = Run.open(write_run(tmp_path / "run", architecture, (1, 64, 64)))
    assert run.at_once == at_once
    images = np.random.default_rng(0).integers(0, 256, (at_once + 3, 1, 64, 64), dtype=np.uint8)
    codes = run.encode(images)
    alone = np.concatenate([run.encode(image[None]) for image in images[-5:]])
    np.testing.assert_allclose(codes[-5:], alone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(run.decode(codes)[-5:], run.decode(alone), rtol=1e-4, atol=1e-5)


def test_a_file_that_is_there_is_refused_before_any_work(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(tmp_path / "run", PCA(2), (3, 6, 6))
    run = Run.open(folder)
    gathered = gather(run, str(photos))
    for name in ("codes.npz", "errors.csv"):
        (tmp_path / name).write_text("mine")
    monkeypatch.setattr(Autoencoder, "latent", lambda *_: pytest.fail("a picture was passed through the model"))
    with pytest.raises(FileExistsError, match=r"expected no file at .*codes.npz, found one"):
        encode_to_file(run, gathered, tmp_path / "codes.npz")
    with pytest.raises(FileExistsError, match=r"expected no file at .*errors.csv, found one"):
        judge(run, gathered, tmp_path / "errors.csv")
    assert (tmp_path / "codes.npz").read_text() == (tmp_path / "errors.csv").read_text() == "mine"


def test_a_run_that_another_process_writes_to_is_left_alone(photos: Path, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", PCA(2), (3, 6, 6))
    before = (folder / "results.csv").read_bytes()
    with alone_in(folder):
        for verb in (lambda run: judge(run, gather(run, str(photos))), lambda run: probe(run, LABELLED, (1.0,))):
            with pytest.raises(BlockingIOError, match="found another at work"):
                verb(Run.open(folder))
    assert (folder / "results.csv").read_bytes() == before


def test_the_pictures_that_are_shown_have_the_errors_beside_them(photos: Path, tmp_path: Path) -> None:
    """Under noise, which would be another one if the odd pictures were passed through the model once more."""
    corruption = GaussianNoise(0.3)
    folder = write_run(tmp_path / "run", PCA(2), (3, 6, 6), task="denoising", corruption=corruption)
    judged = judge(Run.open(folder), gather(Run.open(folder), str(photos)))
    kept = open_run(folder).arrays(ARM, 0, "evaluated")
    assert kept is not None
    errors = np.square(kept["reconstruction"] - kept["target"]).sum((1, 2, 3))
    np.testing.assert_allclose(kept["error"], errors, rtol=1e-5)
    np.testing.assert_allclose(kept["error"], np.sort(judged.errors)[::-1], rtol=1e-6)
    for name, target in zip(kept["files"], kept["target"], strict=True):
        np.testing.assert_allclose(target, read_picture(photos / name) / 255, atol=1e-6)


def test_the_odd_ones_come_first_and_stand_in_the_report(tmp_path: Path) -> None:
    """A model of one direction, and pictures that lie more or less off it."""
    pattern = np.zeros((4, 4), np.uint8)
    pattern[:2] = 200
    folder = write_run(tmp_path / "run", PCA(1), (1, 4, 4))
    run = Run.open(folder)
    for number in range(30):
        picture = pattern.copy()
        if number in (3, 17):
            picture[3] = 100 + number * 5
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "in" / f"{number:02}.png")
    gathered = gather(run, str(tmp_path / "in"))
    judged = judge(run, gathered, tmp_path / "errors.csv")
    rows = list(csv.DictReader((tmp_path / "errors.csv").read_text().splitlines()))
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, 31)]
    errors = [float(row["squared_error"]) for row in rows]
    assert errors == sorted(errors, reverse=True)
    for row in rows:
        picture = read_picture(tmp_path / "in" / row["file"])
        again = run.decode(run.encode(picture[None]))[0]  # clamped, so at most as far
        assert float(np.square(again - picture / 255).sum()) <= float(row["squared_error"]) + 1e-4
        assert float(row["mse"]) == pytest.approx(float(row["squared_error"]) / 16)
    kept = [row for row in read_rows(folder / "results.csv", Result) if row.evaluation == "evaluated"]
    assert {row.condition for row in kept} == {"data=in"}
    assert {row.metric: row.value for row in kept} == pytest.approx(judged.metrics)
    page = judged.report.read_text(encoding="utf-8")
    assert "Evaluated on further pictures" in page
    shown = open_run(folder).arrays(ARM, 0, "evaluated")["files"].tolist()
    assert shown == [row["file"] for row in rows[:24]]
    assert [name for name in shown if name not in page] == []
    assert f">{figure(judged.metrics['squared_error'])}<" in page
    judge(run, gathered)
    assert len([row for row in open_run(folder).results if row.evaluation == "evaluated"]) == len(kept)
