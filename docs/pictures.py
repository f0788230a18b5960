"""Write the pictures of the pages on jobs: train on real data, use what was trained, keep one small PNG.

    python docs/pictures.py NAME [--data-root FOLDER]     writes docs/images/NAME.png; minutes, on runs under runs/pages

Shown are MNIST, Fashion-MNIST (MIT licence), scikit-learn's digits, and pictures that come with
scikit-image: astronaut (NASA, public domain), chelsea (Stefan van der Walt, CC0) and coffee (Rachel Michetti, CC0).
Photographs of VOC 2007 are trained on and not shown.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage import data as photographs

from narrows.data import load
from narrows.files import replacing

IMAGES = Path(__file__).parent / "images"
WORK = Path(__file__).parent.parent / "runs" / "pages"
LARGEST = 60_000
"""Bytes of a picture."""
DENOISER = ("denoiser", "voc2007", "--corrupt", "noise:25/255", "--size", "128", "--minutes", "30", "--no-test")
FILLER = ("filler", "voc2007", "--corrupt", "patches", "--size", "128", "--minutes", "8", "--no-test")
SEPARATOR = ("separator", "mnist+fashion_mnist", "--corrupt", "mix", "--minutes", "4", "--no-test")
"""Runs that are measured as well: name, data and options."""


def main() -> None:
    """Make one picture."""
    jobs = {job.__name__: job for job in (compress, denoise, inpaint, separate, odd, classify, compare, sweep)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=jobs)
    parser.add_argument("--data-root", type=Path)
    arguments = parser.parse_args()
    if arguments.data_root is not None:
        os.environ["NARROWS_DATA"] = str(arguments.data_root)
    WORK.mkdir(parents=True, exist_ok=True)
    jobs[arguments.name]()


def compress() -> None:
    """Digits as they are, and after 16 numbers of PCA and of the model."""
    keep("compress", digits() / "figures" / "side-by-side.png")


def classify() -> None:
    """Accuracy over the number of labels, of the codes of small digits and of their pixels."""
    run = trained("small", "digits", "--epochs", "20")
    narrows("probe", str(run), "digits", "--shares", "0.01,0.03,0.1,0.3,1")
    keep("classify", run / "figures" / "probed-on-digits-accuracy-over-labels.png")


def compare() -> None:
    """Small digits after 4, 8 and 16 numbers."""
    runs = [trained(f"numbers-{size}", "digits", "--code-size", str(size), "--epochs", "20") for size in (4, 8, 16)]
    out = WORK / "compared"
    narrows("compare", *map(str, runs), "--out", str(out), "--overwrite")
    keep("compare", out / "figures" / "side-by-side-0.png")


def sweep() -> None:
    """What less error costs, in twelve trainings on small digits."""
    out = WORK / "sweep"
    only = ("--set", "arms=compared*", "--set", "training.epochs=30")
    sizes = ("--over", "model.code_size=4,8,16,32", "--over", "training.seed=0,1,2")
    narrows("sweep", "quickstart", *only, *sizes, "--out", str(out))
    keep("sweep", out / "figures" / "costs.png")


def odd() -> None:
    """The oddest of 380 digits and 20 clothes to a model of digits."""
    run = digits()
    scans = fresh("scans")
    clothes = load("fashion_mnist")
    labels = clothes.test.labels
    assert labels is not None
    for number in range(380):
        Image.fromarray(load("mnist").test.images[number, 0]).save(scans / f"digit-{number:03}.png")
    for number in range(20):
        name = clothes.class_names[int(labels[number])].replace("/", "-")
        Image.fromarray(clothes.test.images[number, 0]).save(scans / f"{name}-{number}.png")
    narrows("evaluate", str(run), str(scans))
    keep("odd", next((run / "figures").glob("odd-pictures-*.png")), width=560)


def denoise() -> None:
    """Two faces, noisy and after the model."""
    run = trained(*DENOISER)
    noisy = fresh("noisy")
    draw = np.random.default_rng(0)
    for name, crop in faces().items():
        values = crop + draw.normal(0, 25, crop.shape)
        Image.fromarray(np.rint(values.clip(0, 255)).astype(np.uint8)).save(noisy / f"{name}.png")
    keep("denoise", applied(run, noisy))


def inpaint() -> None:
    """A photograph with scratches and a hole, and after the model."""
    run = trained(*FILLER)
    damaged, masks = fresh("damaged"), fresh("masks")
    photograph = Image.fromarray(photographs.coffee()[:, 100:500]).resize((220, 220), Image.Resampling.LANCZOS)
    mask = Image.new("L", photograph.size)
    pen = ImageDraw.Draw(mask)
    for ends in (((0, 40), (220, 70)), ((30, 220), (90, 0)), ((220, 120), (120, 220)), ((10, 150), (210, 190))):
        pen.line(ends, fill=255, width=4)
    pen.ellipse((100, 84, 122, 106), fill=255)
    photograph.save(damaged / "coffee.png")
    mask.save(masks / "coffee.png")
    keep("inpaint", applied(run, damaged, "--mask", str(masks)))


def separate() -> None:
    """Mixtures of a digit and a piece of clothing, and both."""
    run = trained(*SEPARATOR)
    mixed = fresh("mixed")
    numbers, clothes = load("mnist").test.images, load("fashion_mnist").test.images
    for number in range(3):
        mean = (numbers[number, 0].astype(np.float64) + clothes[number + 10, 0]) / 2
        Image.fromarray(np.rint(mean).astype(np.uint8)).save(mixed / f"{number}.png")
    keep("separate", applied(run, mixed), width=360)


def digits() -> Path:
    """A run on the first 5 000 digits, which compresses and tells odd pictures."""
    pictures = WORK / "digits.npz"
    np.savez(pictures, images=load("mnist").train.images[:5000])
    return trained("digits", str(pictures), "--code-size", "16", "--epochs", "10")


def faces() -> dict[str, NDArray[np.uint8]]:
    """Crops of 120 x 120 of scikit-image's pictures, whose pixels a sheet shows twice as large."""
    return {"astronaut": photographs.astronaut()[50:170, 160:280], "chelsea": photographs.chelsea()[60:180, 140:260]}


def trained(name: str, data: str, *options: str) -> Path:
    """A run of `narrows train`, made where it is not there yet."""
    run = WORK / name
    if not (run / "report.html").exists():
        narrows("train", data, "--out", str(run), *options, "--overwrite")
    return run


def applied(run: Path, pictures: Path, *options: str) -> Path:
    """The sheet of before and after."""
    out = fresh(f"{pictures.name}-after")
    narrows("apply", str(run), str(pictures), "--out", str(out), "--sheet", *options)
    return out / "before-and-after.png"


def fresh(name: str) -> Path:
    """An empty folder."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def narrows(*words: str) -> None:
    """The command line."""
    subprocess.run([sys.executable, "-m", "narrows", *words], check=True)


def keep(name: str, source: Path, width: int = 720) -> None:
    """A picture of at most this width in as many colours as fit into the bytes."""
    shown = Image.open(source).convert("RGBA")
    picture = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")
    if picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    for colours in (256, 128, 64, 32):
        path = IMAGES / f"{name}.png"
        with replacing(path) as temporary:
            picture.quantize(colours, dither=Image.Dither.NONE).save(temporary, "PNG", optimize=True)
        if path.stat().st_size <= LARGEST:
            return
    raise SystemExit(f"expected {path} below {LARGEST} bytes, found {path.stat().st_size}; show less")


if __name__ == "__main__":
    main()
