"""Measure what the pages on jobs promise, on pictures that no model has seen, and write the figures into the pages.

    python docs/jobs.py NAME... [--data-root FOLDER]     trains under runs/pages, keeps docs/jobs/NAME.json, fills pages
    python docs/jobs.py                                  fills the pages from what is kept

Everything goes through the command line, as a user's work does; only noise that leaves [0, 1] goes through Python,
since no file can hold it. A training that is there is taken up.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filling import fill, versions
from numpy.typing import NDArray
from pictures import DENOISER, FILLER, SEPARATOR, fresh, narrows, trained
from PIL import Image
from skimage import data as photographs
from skimage.restoration import denoise_nl_means, inpaint_biharmonic
from sklearn.metrics import roc_auc_score

from narrows.apply import Run
from narrows.data import load
from narrows.experiments.environment import environment
from narrows.files import write_atomic, write_json
from narrows.results import open_run

DOCS = Path(__file__).parent
KEPT = DOCS / "jobs"
USUAL = ("usual", "mnist", "--no-test")
"""A run that two subjects use: its name, data and options."""
PAGES = {
    "denoise": ("denoise",),
    "inpaint": ("inpaint",),
    "separate": ("separate",),
    "odd": ("odd",),
    "compress": ("compress", "folder"),
}
"""Pages, and the subjects whose figures they show."""
SIGMA = 25 / 255
PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "coffee")
BROKEN = 20
UNSEEN = ((96, 160), (181, 147), (300, 400))
"""Heights and widths of photographs; the models are trained on squares of 128."""
CANVASES = ((40, 40), (48, 90), (100, 64))
"""Heights and widths of mixtures; the model is trained on 28 x 28."""

Picture = NDArray[np.float64]
Trained = tuple[str, ...]
"""A run's name, its data and its options."""


@dataclass(frozen=True)
class Row:
    """One line of a page's table: what was measured, and its figures by the column's title."""

    what: str
    figures: dict[str, str]


Measured = tuple[list[Row], str, Trained]
"""A subject's table, a sentence above it, and the run whose model it is of."""


def main() -> None:
    """Measure what is named, and fill the pages."""
    subjects = {job.__name__: job for job in (denoise, inpaint, separate, odd, compress, folder)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *subjects])  # argparse looks for no names, too, among them
    parser.add_argument("--data-root", type=Path)
    arguments = parser.parse_args()
    if arguments.data_root is not None:
        os.environ["NARROWS_DATA"] = str(arguments.data_root)
    for name in arguments.names:
        rows, claim, run = subjects[name]()
        command = f"python docs/jobs.py {name}"
        place = environment(command, torch.device("cpu"), "auto")
        content = {
            "claim": claim,
            "training": " ".join(("narrows train", *run[1:])),
            "rows": [asdict(row) for row in rows],
            "command": command,
            "environment": {key: value for key, value in place.items() if key not in ("format", "command")},
        }
        write_json(KEPT / f"{name}.json", content)
    for name in PAGES:
        page = DOCS / f"{name}.md"
        write_atomic(page, fill(page.read_text(encoding="utf-8"), blocks(name)).encode())


def denoise() -> Measured:
    """Whole photographs with noise that is not clipped, beside non-local means."""
    run = trained(*DENOISER)
    model = Run.open(run)
    draw = np.random.default_rng(0)
    rows, gains, titles = [], [], ("noisy, dB", "non-local means, dB", "model, dB")
    for name in PHOTOGRAPHS:
        clean = getattr(photographs, name)() / 255.0
        noisy = clean + draw.normal(0, SIGMA, clean.shape)
        channel = -1 if clean.ndim == 3 else None
        means = denoise_nl_means(noisy, h=0.6 * SIGMA, sigma=SIGMA, fast_mode=True, channel_axis=channel)
        found = [decibels(clean, each) for each in (noisy, means.clip(0, 1), model.apply(noisy))]
        gains.append((found[2] - found[0], found[1] - found[0]))
        rows.append(Row(name, dict(zip(titles, map(text, found), strict=True))))
    mean = np.mean(gains, axis=0)
    claim = (
        f"On average {text(mean[0])} dB are gained, {text(mean[0] - mean[1])} more than by scikit-image's non-local "
        "means (h of 0.6 deviations, sigma given)."
    )
    return rows, claim, DENOISER


def inpaint() -> Measured:
    """Scratches and holes in photographs of three sizes, beside biharmonic inpainting."""
    run = trained(*FILLER)
    damaged, masks, draw = fresh("damaged"), fresh("masks"), np.random.default_rng(0)
    clean: dict[str, tuple[Picture, NDArray[np.bool_]]] = {}
    for (height, width), name in zip(UNSEEN, ("chelsea", "coffee", "astronaut"), strict=True):
        whole = Image.fromarray(getattr(photographs, name)())
        small = whole.resize((width, height), Image.Resampling.LANCZOS)
        hidden = np.zeros((height, width), bool)
        for _ in range(12):
            top, left = draw.integers(0, height - 12), draw.integers(0, width - 12)
            hidden[top : top + 12, left : left + 12] = True
        hidden[height // 3 : height // 3 + 3] = True
        small.save(damaged / f"{name}.png")
        Image.fromarray(hidden).save(masks / f"{name}.png")
        clean[name] = np.asarray(small) / 255.0, hidden
    out = fresh("filled")
    narrows("apply", str(run), str(damaged), "--mask", str(masks), "--out", str(out), "--sheet")
    rows, titles = [], ("biharmonic, dB", "model, dB")
    for name, (picture, hidden) in clean.items():
        filled = np.asarray(Image.open(out / f"{name}.png").convert("RGB")) / 255.0
        assert np.array_equal(filled[~hidden], picture[~hidden])
        smooth: Picture = inpaint_biharmonic(np.where(hidden[..., None], 0.0, picture), hidden, channel_axis=-1)
        figures = [decibels(picture[hidden], each[hidden]) for each in (smooth.clip(0, 1), filled)]
        named = f"{name}, {hidden.shape[0]} x {hidden.shape[1]}"
        rows.append(Row(named, dict(zip(titles, map(text, figures), strict=True))))
    record = open_run(run)
    arms = "biharmonic interpolation", record.arms()[-1]
    figures = [record.values(arm, "psnr", split="validation", condition="pixels=hidden")[0] for arm in arms]
    where = f"{len(load('voc2007').validation)} others of VOC 2007, 128 x 128, 10 to 90 % hidden"
    rows.append(Row(where, dict(zip(titles, map(text, figures), strict=True))))
    claim = (
        "Squares of 12 x 12 and a line are hidden in photographs of three sizes that the model never saw, patches of "
        "8 x 8 in those of its own. The psnr of the hidden pixels alone; those that are visible came back as they were."
    )
    return rows, claim, FILLER


def separate() -> Measured:
    """Mixtures of three sizes, on which a digit and a garment stand somewhere."""
    run = trained(*SEPARATOR)
    mixed, draw = fresh("mixed"), np.random.default_rng(0)
    digits, garments = load("mnist").test.images[:, 0], load("fashion_mnist").test.images[:, 0]
    clean = {}
    for number, size in enumerate([size for size in CANVASES for _ in range(10)]):
        both = [placed(some[number], size, draw) for some in (digits, garments)]
        Image.fromarray(np.rint(np.mean(both, axis=0)).astype(np.uint8)).save(mixed / f"{number}.png")
        clean[f"{number}.png"] = both
    out = fresh("parts")
    narrows("apply", str(run), str(mixed), "--out", str(out), "--sheet")
    rows = []
    for size in CANVASES:
        names = [name for name, both in clean.items() if both[0].shape == size]
        mixtures = np.stack([np.asarray(Image.open(mixed / name)) for name in names]) / 255.0
        figures = {}
        for place, source in enumerate(("mnist", "fashion_mnist")):
            truth = np.stack([clean[name][place] for name in names]) / 255.0
            (folder,) = (each for each in out.iterdir() if each.is_dir() and each.name.startswith(source))
            found = np.stack([np.asarray(Image.open(folder / name)) for name in names]) / 255.0
            figures[f"{source}: mixture, dB"] = text(decibels(truth, mixtures))
            figures[f"{source}: model, dB"] = text(decibels(truth, found))
        rows.append(Row(f"{size[0]} x {size[1]}", figures))
    claim = "Ten mixtures of each size, of test pictures; beside the model what the mixture itself would score."
    return rows, claim, SEPARATOR


def odd() -> Measured:
    """Test digits with a twentieth of Fashion-MNIST among them, told apart by their squared error alone."""
    run = trained(*USUAL)
    scans, errors = fresh("scans"), fresh("errors") / "errors.csv"
    for name, count in (("mnist", 9500), ("fashion_mnist", 500)):
        for number, image in enumerate(load(name).test.images[:count, 0]):
            Image.fromarray(image).save(scans / f"{name}-{number}.png")
    narrows("evaluate", str(run), str(scans), "--per-picture", str(errors))
    with errors.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = roc_auc_score(["fashion" in row["file"] for row in rows], [float(row["squared_error"]) for row in rows])
    first = sum("fashion" in row["file"] for row in rows[:500])
    figures = {"area under the ROC curve": f"{found:.4f}", "garments in the first 500": str(first)}
    row = Row("9 500 digits, 500 garments", figures)
    return [row], "Squared errors alone tell digits of the test split from garments among them.", USUAL


def compress() -> Measured:
    """Codes written to a file and decoded, beside what apply makes of the same pictures; refused with a bypass."""
    run = trained(*USUAL)
    scans, codes = fresh("scans-whole"), fresh("codes") / "codes.npz"
    decoded, applied = fresh("decoded"), fresh("applied")
    for number, image in enumerate(load("mnist").test.images[:1000, 0]):
        Image.fromarray(image).save(scans / f"{number:04}.png")
    for verb, source, out in (("encode", scans, codes), ("decode", codes, decoded), ("apply", scans, applied)):
        narrows(verb, str(run), str(source), "--out", str(out))
    names = sorted(path.name for path in scans.iterdir())
    assert names == sorted(path.name for path in decoded.iterdir())
    pairs = [[np.asarray(Image.open(out / name), np.float64) for out in (decoded, applied)] for name in names]
    apart = [np.abs(one - other) for one, other in pairs]
    words = "decode", str(trained(*DENOISER)), str(codes), "--out", str(fresh("none"))
    refused = subprocess.run([sys.executable, "-m", "narrows", *words], capture_output=True, text=True, check=False)
    assert refused.returncode
    reason = refused.stderr.partition("narrows: ")[2]
    figures = {
        "pixels that differ": f"{sum(int((each > 0).sum()) for each in apart)} of {sum(each.size for each in apart)}",
        "at most by": f"{max(each.max() for each in apart):.0f} of 255",
    }
    row = Row(f"{len(names)} digits", figures)
    claim = (
        "Codes decoded are what `apply` makes of the pictures, but for the last bit of a sum, which hangs on how many "
        "are taken at once and may round to another grey level. With a denoising model, `narrows decode` says: "
        f"{' '.join(reason.split())}."
    )
    return [row], claim, USUAL


def folder() -> Measured:
    """CIFAR-10 pictures in mixed formats with broken files among them: the report names those, and why."""
    photos = fresh("photos")
    train, names = load("cifar10").train, load("cifar10").class_names
    assert train.labels is not None
    for number, (image, label) in enumerate(zip(train.images[:5000], train.labels, strict=False)):
        place = photos / names[int(label)]
        place.mkdir(exist_ok=True)
        suffix = ("png", "jpg", "webp")[number % 3]
        Image.fromarray(image.transpose(1, 2, 0)).save(place / f"{number:05}.{suffix}", quality=95)
    broken = spoil(photos / names[0])
    run = trained("mixed-formats", str(photos), "--minutes", "1")
    page = (run / "report.html").read_text(encoding="utf-8")
    named = str(sum(name in page for name in broken))
    row = Row("5 000 pictures in three formats", {"broken files": str(len(broken)), "named in the report": named})
    claim = "Files cut short, empty, damaged, or no pictures at all are left out, and the report says why."
    return [row], claim, ("mixed-formats", "./photos", "--minutes", "1")


def spoil(folder: Path) -> list[str]:
    """Broken, empty and mislabelled files beside the pictures of a folder; their names."""
    whole = {suffix: sorted(folder.glob(f"0*.{suffix}")) for suffix in ("png", "jpg", "webp")}
    content: dict[str, bytes] = {f"empty-{number}.png": b"" for number in range(4)}
    content |= {f"text-{number}.jpg": b"this is no picture\n" * 20 for number in range(4)}
    for number in range(4):
        cut, damaged = whole["jpg"][number].read_bytes(), bytearray(whole["png"][number].read_bytes())
        damaged[len(damaged) // 2] ^= 255
        content[f"cut-{number}.jpg"] = cut[: len(cut) // 2]
        content[f"damaged-{number}.png"] = bytes(damaged)
    content["movie.png"] = b"\x00\x00\x00\x18ftypmp42" + bytes(100)
    content["archive.webp"] = b"PK\x03\x04" + bytes(50)
    content["header.png"] = b"\x89PNG\r\n\x1a\n"
    content["cut.webp"] = whole["webp"][0].read_bytes()[:60]
    assert len(content) == BROKEN
    for name, each in content.items():
        (folder / name).write_bytes(each)
    return list(content)


def placed(picture: NDArray[np.uint8], size: tuple[int, int], draw: np.random.Generator) -> NDArray[np.uint8]:
    """A picture somewhere on black."""
    canvas = np.zeros(size, np.uint8)
    top, left = (int(draw.integers(0, most - own + 1)) for most, own in zip(size, picture.shape, strict=True))
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return canvas


def decibels(clean: Picture, found: NDArray[Any]) -> float:
    """Peak signal-to-noise ratio at a peak of 1."""
    return float(-10 * np.log10(np.mean((clean - found) ** 2)))


def text(value: float) -> str:
    """Two digits after the point."""
    return f"{value:.2f}"


def blocks(page: str) -> dict[str, list[str]]:
    """The lines of every block of a page."""
    return {subject: list(table(KEPT / f"{subject}.json")) for subject in PAGES[page]}


def table(path: Path) -> Iterator[str]:
    """What was measured and where; a word where it was not yet."""
    if not path.exists():
        yield f"Not measured yet: `python docs/jobs.py {path.stem}` does."
        return
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    place, titles = content["environment"], list(content["rows"][0]["figures"])
    yield content["claim"]
    yield ""
    yield f"| | {' | '.join(titles)} |"
    yield f"| --- |{' ---: |' * len(titles)}"
    for row in content["rows"]:
        yield f"| {row['what']} | {' | '.join(row['figures'].values())} |"
    yield ""
    yield f"The model: `{content['training']}`."
    yield ""
    yield (
        f"`{content['command']}`, {place['date']}; {place['processor']}, "
        f"{place['cores']} cores, {place['precision']}; {versions(place)}"
    )


if __name__ == "__main__":
    main()
