"""Show every fault that the doctor finds: a tiny run on digits that has it, what the doctor says, and a small picture.

    python docs/faults.py [CHECK ...]       writes docs/images/faults/CHECK.png and its block of docs/wrong.md

Without names all are made anew; a minute or two. A run in which the doctor does not find its fault stops the script.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from drawn import bars, counts, curves, heat, rows_of_pictures, spreads
from filling import BLOCK, fill
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from narrows.corruption import GaussianNoise, PixelMask
from narrows.data import Dataset, Pictures, load
from narrows.diagnostics import CHECKS
from narrows.evaluation import (
    MLP,
    ChosenPictures,
    FedBytes,
    LabelEfficiency,
    LinearProbe,
    Uncentred,
    UnderNoise,
    evaluate,
)
from narrows.evaluation.reconstruction import output_of
from narrows.experiments.arms import run_arm, run_baselines
from narrows.experiments.baselines import with_baselines
from narrows.experiments.describe import describe_run
from narrows.experiments.experiment import Arm, Experiment, Study, in_order
from narrows.experiments.folder import Ledger, begin
from narrows.experiments.session import Nobody, RunSettings, Session
from narrows.files import replacing, write_atomic, write_json
from narrows.models import PCA, Autoencoder, Dense, Deterministic, Residual, Standardised, UNet
from narrows.objective import L1, Objective
from narrows.results import Finding, Reported, Run, open_run, slug, write_rows
from narrows.training import Training, as_images, fit, load_model
from narrows.types import Corruption

DOCS = Path(__file__).parent
PAGE, IMAGES = DOCS / "wrong.md", DOCS / "images" / "faults"
SHOWN = 8
TEN = ChosenPictures(tuple(range(10)))
PLAIN = Dense((64,), 8, output_activation="sigmoid")
RECTIFIED = Deterministic("relu")
BRIEF = Training(epochs=12, batch_size=64)
NETWORK, MLP_ARM = "compared, network", "compared, MLP on features"


class Shown(NamedTuple):
    """A run that has a fault, and how to draw it."""

    run: Run
    draw: Callable[[], Figure]


def main() -> None:
    """Make the pictures that are asked for, and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="CHECK")
    names = parser.parse_args().names
    text = PAGE.read_text(encoding="utf-8")
    blocks = {name: lines.strip("\n").split("\n") for lines, name in contents(text)}
    IMAGES.mkdir(parents=True, exist_ok=True)
    for check in CHECKS:
        name = check.__name__
        if not names or name in names:
            with tempfile.TemporaryDirectory() as folder:
                shown = FAULTS[name](Path(folder))
                finding = found(shown.run, name)
                keep(shown.draw(), IMAGES / f"{name}.png")
            blocks[name] = block(name, finding)
    write_atomic(PAGE, fill(text, blocks).encode())


def contents(text: str) -> Iterable[tuple[str, str]]:
    """What stands in each block of a page now, and the block's name."""
    return ((match[0].removeprefix(match[1]).removesuffix(match[3]), match[2]) for match in BLOCK.finditer(text))


def found(run: Run, name: str) -> Finding:
    """What the check of this name finds first in a run."""
    check = next(check for check in CHECKS if check.__name__ == name)
    findings = list(check(run))
    if not findings:
        raise SystemExit(f"expected {name} to find its fault in {run.folder}, found nothing; change the run")
    return findings[0]


def block(name: str, finding: Finding) -> list[str]:
    """The picture, and the doctor's words about the run that it is of."""
    caption = " ".join((FAULTS[name].__doc__ or "").split())
    of = f", {finding.arm}" if finding.arm else ""
    return [
        '<p align="center">',
        f'  <img src="images/faults/{name}.png" width="560" alt="{caption}">',
        "</p>",
        "",
        caption,
        "",
        f"> **{finding.name}** ({finding.severity}{of}): {finding.evidence}. *{finding.cure}*",
    ]


def keep(figure: Figure, path: Path) -> None:
    """A figure as a PNG of few colours."""
    figure.savefig(path.with_suffix(".tmp.png"))
    with replacing(path) as temporary:
        Image.open(path.with_suffix(".tmp.png")).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(
            temporary, "PNG", optimize=True
        )
    path.with_suffix(".tmp.png").unlink()


def carried_out(
    folder: Path, *arms: Arm, data: Dataset | None = None, studies: tuple[Study, ...] = (), seeds: int = 1
) -> Run:
    """A run folder with its baselines, as `narrows run` leaves it, but for the report."""
    data = load("digits") if data is None else data
    asked = Experiment("faults", "Faults", "What goes wrong?", "", 1.0, data.name, arms, studies=studies)
    asked = replace(asked, arms=tuple(with_baselines(asked, data, "float32")))
    settings = RunSettings(folder / "run", seeds=seeds)
    begin(settings.folder, describe_run(asked, data, seeds=seeds, read_test=True), resume=False)
    write_json(settings.folder / "environment.json", {"format": 1, "finished": True})
    session = Session(asked, data, {}, settings, Ledger(settings.folder, asked.name), Nobody())
    run_baselines(session)
    for arm, seed in in_order(asked.arms, seeds):
        run_arm(session, arm, seed)
    return open_run(settings.folder)


def stated(run: Run, arm: str, figures: dict[tuple[str, str], float]) -> Run:
    """The run with figures that a report would state of an arm, by metric and condition."""
    rows = [
        Reported("A", "faults", arm, "digits", condition, "test", metric, value, "no", "made wrong on purpose")
        for (metric, condition), value in figures.items()
    ]
    write_rows(run.folder / "reported.csv", Reported, rows)
    return open_run(run.folder)


def trained_model(run: Run, arm: str) -> Autoencoder:
    """The model of an arm's first seed."""
    return load_model(run.folder / "models" / slug(arm, 0))


def pictures(run: Run, arm: str, which: str = "reconstruction") -> list[NDArray[np.float32]]:
    """What an arm was shown, owes or gives of the first test digits, each (height, width)."""
    array = run.arrays(arm, 0, "reconstruction")[which][:SHOWN]
    return [np.asarray(picture[0], np.float32) for picture in array]


def short(arm: str) -> str:
    """An arm's name without its role."""
    return arm.removeprefix("compared, ")


def errors(left: Iterable[NDArray[np.float32]], right: Iterable[NDArray[np.float32]]) -> list[str]:
    """Squared error of each picture, to stand below it."""
    return [f"{np.square(one - other).sum():.2g}" for one, other in zip(left, right, strict=True)]


def before_and_after(run: Run, *arms: str) -> Figure:
    """The digits, and what each arm gives, with errors."""
    target = pictures(run, arms[0], "target")
    given = [(arm, pictures(run, arm)) for arm in arms]
    return rows_of_pictures(
        [("digit", target, []), *((short(arm), shown, errors(shown, target)) for arm, shown in given)]
    )


def clean_digits(count: int = SHOWN) -> torch.Tensor:
    """The first test digits, (picture, 1, 8, 8) in [0, 1]."""
    return as_images(load("digits").test)[:count]


def input_out_of_range(folder: Path) -> Shown:
    """The same digits, given as 0 to 1 and as 0 to 255, divided by 255 after; squared errors below."""
    arm = Arm(NETWORK, replace(PLAIN, output_activation="linear"), BRIEF, studies=(FedBytes(TEN),))
    run = carried_out(folder, arm)

    def draw() -> Figure:
        model, digits = trained_model(run, arm.name), clean_digits()
        target = list(digits[:, 0].numpy())
        fed = list(output_of(model, digits * 255)[:, 0].numpy() / 255)
        right = pictures(run, arm.name)
        return rows_of_pictures(
            [
                ("digit", target, []),
                ("given 0 to 1", right, errors(right, target)),
                ("given 0 to 255", fed, errors(fed, target)),
            ]
        )

    return Shown(run, draw)


def projected_without_mean(folder: Path) -> Shown:
    """Eight components with the mean subtracted and added, and without; squared errors below."""
    arm = Arm("as reported, PCA 8", PCA(8), Training(epochs=0), studies=(TEN, Uncentred(TEN)))
    run = carried_out(folder, arm)

    def draw() -> Figure:
        model, digits = trained_model(run, arm.name), clean_digits()
        mean = model.standardise.mean
        target, right = list(digits[:, 0].numpy()), pictures(run, arm.name)
        without = list((output_of(model, digits + mean) - mean)[:, 0].numpy())
        return rows_of_pictures(
            [
                ("digit", target, []),
                ("with the mean", right, errors(right, target)),
                ("without", without, errors(without, target)),
            ]
        )

    return Shown(run, draw)


def same_picture_in_two_splits(folder: Path) -> Shown:
    """Training pictures, and the test pictures that are the same, bit for bit."""
    digits = load("digits")
    test = replace(digits.test, images=digits.test.images.copy())
    test.images[:SHOWN] = digits.train.images[:SHOWN]
    data = replace(digits, read_test=lambda: test)
    run = carried_out(folder, Arm(NETWORK, PLAIN, Training(epochs=1)), data=data)

    def draw() -> Figure:
        train, judged = (list(split.images[:SHOWN, 0] / 255) for split in (data.train, test))
        return rows_of_pictures([("in training", train, []), ("in test", judged, errors(train, judged))])

    return Shown(run, draw)


def corruption_too_small(folder: Path) -> Shown:
    """Noise of 0.5 on values of 0 to 255 cannot be seen; on values of 0 to 1 it can."""
    arm = Arm("compared, denoiser", PLAIN, Training(epochs=1), corruption=GaussianNoise(0.5 / 255), task="denoising")
    run = carried_out(folder, arm)

    def draw() -> Figure:
        noisy = clean_digits() + 0.5 * torch.randn(SHOWN, 1, 8, 8, generator=torch.Generator().manual_seed(0))
        return rows_of_pictures(
            [
                ("digit", pictures(run, arm.name, "target"), []),
                ("0.5 of 255", pictures(run, arm.name, "input"), []),
                ("0.5 of 1", list(noisy[:, 0].clamp(0, 1).numpy()), []),
            ]
        )

    return Shown(run, draw)


def collapsed_output(folder: Path) -> Shown:
    """An L1 weight of 1 and a rectified output: every digit comes back as the same picture."""
    arm = Arm(
        "compared, L1 of weight 1",
        Dense((), 64, output_activation="relu", bottleneck=RECTIFIED),
        BRIEF,
        Objective("mse", (L1(1.0),)),
    )
    run = carried_out(folder, arm)
    return Shown(run, lambda: before_and_after(run, arm.name))


def identity_shortcut(folder: Path) -> Shown:
    """A denoiser that adds its output to its input and has hardly been trained: what comes in goes out."""
    network = Residual(UNet((8, 16)))
    arm = Arm(
        "compared, denoiser",
        network,
        Training(epochs=1, learning_rate=1e-7),
        corruption=GaussianNoise(0.3),
        task="denoising",
    )
    run = carried_out(folder, arm)

    def draw() -> Figure:
        target, given = pictures(run, arm.name, "target"), pictures(run, arm.name)
        return rows_of_pictures(
            [
                ("digit", target, []),
                ("noisy", pictures(run, arm.name, "input"), []),
                ("denoised", given, errors(given, target)),
            ]
        )

    return Shown(run, draw)


def rectified(folder: Path) -> tuple[Run, Arm]:
    """A network whose code and output are rectified, trained at a high rate."""
    arm = Arm(
        "compared, ReLU output",
        Dense((), 32, output_activation="relu", bottleneck=RECTIFIED),
        replace(BRIEF, learning_rate=0.03),
    )
    return carried_out(folder, arm), arm


def dead_pixels(folder: Path) -> Shown:
    """Digits from a rectified output; at the right, in black, the pixels that are the same for every digit."""
    run, arm = rectified(folder)

    def draw() -> Figure:
        model = trained_model(run, arm.name)
        output = output_of(model, as_images(load("digits").test))
        lit = (output.std(0) > 0)[0].numpy().astype(np.float32)
        target, given = pictures(run, arm.name, "target")[:-1], pictures(run, arm.name)[:-1]
        return rows_of_pictures(
            [("digit", target, []), ("ReLU output", [*given, lit], [*errors(given, target), "dead"])]
        )

    return Shown(run, draw)


def dead_units(folder: Path) -> Shown:
    """Code numbers of 100 digits, each row scaled to its largest; a row without any light is a dead unit."""
    run, arm = rectified(folder)

    def draw() -> Figure:
        with torch.no_grad():
            codes = trained_model(run, arm.name).encode(clean_digits(100)).numpy()
        return heat(codes.T, "digit", "code number")

    return Shown(run, draw)


def bypass_carries_picture(folder: Path) -> Shown:
    """A U-Net gives the digits back, and nearly as well where its code is set to 0: the skips carry the picture."""
    arm = Arm("compared, U-Net", UNet((8, 16, 32)), BRIEF)
    run = carried_out(folder, arm)

    def draw() -> Figure:
        model, digits = trained_model(run, arm.name), clean_digits()
        with torch.no_grad():
            features, bypass = model.encoder(digits, None)
            without = model.decoder(torch.zeros_like(features), bypass)
        target, given, around = pictures(run, arm.name, "target"), pictures(run, arm.name), list(without[:, 0].numpy())
        return rows_of_pictures(
            [
                ("digit", target, []),
                ("U-Net", given, errors(given, target)),
                ("its code set to 0", around, errors(around, target)),
            ]
        )

    return Shown(run, draw)


def no_better_than_mean_picture(folder: Path) -> Shown:
    """A network after one epoch at a rate of 1e-6, and the mean of the training digits; squared errors below."""
    arm = Arm("compared, hardly trained", PLAIN, Training(epochs=1, learning_rate=1e-6))
    run = carried_out(folder, arm)
    return Shown(run, lambda: before_and_after(run, "mean picture", arm.name))


def no_better_than_pca(folder: Path) -> Shown:
    """A network of 8 numbers that was trained for two epochs, and PCA of as many; squared errors below."""
    arm = Arm("compared, two epochs", PLAIN, Training(epochs=2, batch_size=64))
    run = carried_out(folder, arm)
    return Shown(run, lambda: before_and_after(run, "PCA, code 8", arm.name))


def classified_run(folder: Path) -> Run:
    """MLPs that learn from what a decoder gives, once of a collapsed encoder."""
    classifier = MLP((32,), Training(epochs=2, batch_size=64))
    study = LabelEfficiency((classifier,), (0.1, 1.0), features="reconstruction", standardised=False)
    model = Dense((), 8, output_activation="relu", bottleneck=RECTIFIED)
    return carried_out(
        folder,
        Arm(MLP_ARM, model, BRIEF, Objective("mse", (L1(1.0),)), studies=(study,)),
        Arm(NETWORK, PLAIN, BRIEF, studies=(study,)),
    )


def features_are_no_codes(folder: Path) -> Shown:
    """What the classifier learns from: 64 numbers with the shape of a picture, where the code has 8."""
    run = classified_run(folder)

    def draw() -> Figure:
        with torch.no_grad():
            codes = trained_model(run, NETWORK).encode(clean_digits()).numpy()
        scaled = (codes - codes.min()) / (codes.max() - codes.min())
        return rows_of_pictures(
            [
                ("digit", pictures(run, NETWORK, "target"), []),
                ("its features: 64", pictures(run, NETWORK), []),
                (f"its code: {codes.shape[1]}", [code[None].repeat(2, 0) for code in scaled], []),
            ]
        )

    return Shown(run, draw)


def classifier_predicts_one_class(folder: Path) -> Shown:
    """How many test digits of each class are taken for which: all for one."""
    run = classified_run(folder)
    return Shown(run, lambda: counts(run.arrays(MLP_ARM, 0, "label_efficiency")["confusion"][-1], "taken for", "digit"))


def accuracy_at_chance(folder: Path) -> Shown:
    """How many test digits of each class are taken for which, by a classifier whose labels were shuffled."""
    digits = load("digits")

    def shuffled(split: Pictures) -> Pictures:
        assert split.labels is not None
        return replace(split, labels=np.random.default_rng(0).permutation(split.labels))

    data = replace(digits, official_train=shuffled(digits.official_train), read_test=lambda: digits.test)
    arm = Arm(NETWORK, PLAIN, BRIEF, studies=(LinearProbe((None,)),))
    run = carried_out(folder, arm, data=data)
    return Shown(run, lambda: counts(run.arrays(arm.name, 0, "linear_probe")["confusion"][-1], "taken for", "digit"))


def learning_curve(run: Run, arm: str) -> tuple[list[float], list[float]]:
    """Epochs and validation losses."""
    losses = [row for row in run.history if (row.arm, row.split, row.term) == (arm, "validation", "loss")]
    return [row.epoch for row in losses], [row.value for row in losses]


def not_converged(folder: Path) -> Shown:
    """The validation loss of 12 epochs is still falling when they are spent; that of 120 comes to rest."""
    brief = Arm("compared, 12 epochs", PLAIN, BRIEF)
    annealed = Arm("compared, 120 epochs", PLAIN, replace(BRIEF, epochs=120, schedule="cosine"))
    run = carried_out(folder, brief, annealed)
    return Shown(
        run,
        lambda: curves(
            {short(arm.name): learning_curve(run, arm.name) for arm in (brief, annealed)},
            "epoch",
            "validation loss",
            log=True,
        ),
    )


def overfit(folder: Path) -> Shown:
    """A wide network on 40 digits: the training loss falls far below the validation loss, which rises a little."""
    arm = Arm("compared, 40 digits", Dense((256,), 32), Training(epochs=200, batch_size=8, learning_rate=3e-3))
    run = carried_out(folder, arm, data=load("digits").few(40, 100))

    def draw() -> Figure:
        steps = [row for row in run.history if (row.split, row.term) == ("train", "loss")]
        train = [row.epoch for row in steps], [row.value for row in steps]
        return curves({"validation": learning_curve(run, arm.name), "training": train}, "epoch", "loss", log=True)

    return Shown(run, draw)


def losses_with_different_penalties(folder: Path) -> Shown:
    """Losses of two L1 weights, each made of error and penalty: they differ by more than the errors do."""
    network = Dense((), 64, output_activation="sigmoid", bottleneck=RECTIFIED)
    arms = [Arm(f"compared, L1 {weight:g}", network, BRIEF, Objective("mse", (L1(weight),))) for weight in (1e-5, 1e-3)]
    run = carried_out(folder, *arms)

    def draw() -> Figure:
        def means(metric: str) -> dict[str, float]:
            return {short(arm.name): run.mean(arm.name, metric, split="train", evaluation="training") for arm in arms}

        error, loss = means("mse"), means("loss_with_penalty")
        return bars({"error": error, "penalty": {name: loss[name] - error[name] for name in loss}}, "loss")

    return Shown(run, draw)


def difference_within_seeds(folder: Path) -> Shown:
    """The error of three seeds of two networks that differ in their activation: each dot is a training."""
    arms = [Arm(f"compared, {name}", replace(PLAIN, hidden_activation=name), BRIEF) for name in ("relu", "tanh")]
    run = carried_out(folder, *arms, seeds=3)
    return Shown(
        run,
        lambda: spreads(
            {short(arm.name): list(run.values(arm.name, "mse", split="test").values()) for arm in arms}, "test mse"
        ),
    )


def error_falls_as_task_gets_harder(folder: Path) -> Shown:
    """One network, trained on from ratio to ratio and stated at each; and the last one, measured at every ratio."""
    ratios = (0.1, 0.2, 0.3, 0.4)
    digits, model = load("digits"), PLAIN.build((1, 8, 8))

    def error(corruption: Corruption) -> float:
        return evaluate(model, digits.test, corruption=corruption).metrics["mse"]

    wrong = []
    for ratio in ratios:
        fit(model, digits, Objective("mse"), corruption=PixelMask(ratio), training=Training(epochs=3, batch_size=64))
        wrong.append(error(PixelMask(ratio)))
    right = [error(PixelMask(ratio)) for ratio in ratios]
    run = carried_out(folder, Arm(NETWORK, PLAIN, Training(epochs=1)))
    run = stated(run, NETWORK, {("mse", f"hidden={ratio}"): value for ratio, value in zip(ratios, wrong, strict=True)})
    return Shown(
        run,
        lambda: curves(
            {"trained on from ratio to ratio": (ratios, wrong), "the last, at every ratio": (ratios, right)},
            "share of pixels hidden",
            "test mse",
        ),
    )


def same_error_at_every_strength(folder: Path) -> Shown:
    """Error over noise: added to 0 to 255 it changes nothing, added to 0 to 1 it does."""
    levels = (0.3, 0.5, 0.9)
    fed = tuple(FedBytes(replace(TEN, noise=level), in_bytes=True) for level in levels)
    arm = Arm(NETWORK, PLAIN, BRIEF, studies=(*fed, UnderNoise(levels)))
    run = carried_out(folder, arm)

    def draw() -> Figure:
        def over(evaluation: str, pictures: str) -> list[float]:
            return [
                run.mean(arm.name, "mse", evaluation=evaluation, condition=f"noise={level}{pictures}")
                for level in levels
            ]

        wrong = [error / 255**2 for error in over("as measured in the report", " pictures=0-9")]
        return curves(
            {"added to 0 to 255": (levels, wrong), "added to 0 to 1": (levels, over("reconstruction", ""))},
            "noise",
            "test mse",
        )

    return Shown(run, draw)


def measured(folder: Path) -> tuple[Run, NDArray[np.float64], NDArray[np.float64]]:
    """A run of the plain network, with its first test digits and what it gives of them, (picture, 8, 8)."""
    run = carried_out(folder, Arm(NETWORK, PLAIN, BRIEF))
    target, given = (np.stack(pictures(run, NETWORK, which)).astype(float) for which in ("target", "reconstruction"))
    return run, target, given


def psnr_contradicts_error(folder: Path) -> Shown:
    """Digits and what comes back, below it the psnr of a peak of 1, then of a peak of 255."""
    run, target, given = measured(folder)
    mse = np.square(target - given).mean((1, 2))
    right, wrong = -10 * np.log10(mse), 20 * np.log10(255) - 10 * np.log10(mse)
    run = stated(run, NETWORK, {("mse", ""): float(mse.mean()), ("psnr", ""): float(wrong.mean())})
    said = [f"{one:.1f}\n{other:.1f}" for one, other in zip(right, wrong, strict=True)]
    return Shown(run, lambda: rows_of_pictures([("digit", list(target), []), ("comes back", list(given), said)]))


def ssim_contradicts_error(folder: Path) -> Shown:
    """Digits and what comes back, below it the ssim of a data range of 1, then of 255."""
    from skimage.metrics import structural_similarity

    run, target, given = measured(folder)
    right, wrong = (
        [structural_similarity(*pair, data_range=span) for pair in zip(target, given, strict=True)] for span in (1, 255)
    )
    mse = float(np.square(target - given).mean())
    run = stated(run, NETWORK, {("mse", ""): mse, ("ssim", ""): float(np.mean(wrong))})
    said = [f"{one:.2f}\n{other:.4f}" for one, other in zip(right, wrong, strict=True)]
    return Shown(run, lambda: rows_of_pictures([("digit", list(target), []), ("comes back", list(given), said)]))


def matrix_product_as_error(folder: Path) -> Shown:
    """Differences of digits and what comes back: the sum of their squares, and the sum of their matrix product."""
    run, target, given = measured(folder)
    difference = given - target
    products = (difference @ difference).sum((1, 2))
    figures = {("matrix_product_lowest", ""): products.min(), ("matrix_product_highest", ""): products.max()}
    run = stated(run, NETWORK, {key: float(value) for key, value in figures.items()})
    squares = [f"{value:.2f}" for value in np.square(difference).sum((1, 2))]
    return Shown(
        run,
        lambda: rows_of_pictures(
            [
                ("sum of squares", list(difference), squares),
                ("matrix product", list(difference @ difference), [f"{value:.2f}" for value in products]),
            ],
            signed=True,
        ),
    )


def loss_of_standardised_pictures(folder: Path) -> Shown:
    """One error in two units: of digits in [0, 1], and less 0.5 over 0.5, where it passes the mean picture's."""
    arm = Arm(NETWORK, Standardised(replace(PLAIN, output_activation="linear")), BRIEF)
    run = carried_out(folder, arm)
    error, mean = (run.mean(name, "mse") for name in (arm.name, "mean picture"))
    run = stated(run, arm.name, {("loss", ""): 4 * error})
    return Shown(
        run,
        lambda: bars(
            {"mse": {"in [0, 1]": error, "less 0.5 over 0.5": 4 * error}}, "loss", line=("mean picture in [0, 1]", mean)
        ),
    )


FAULTS: dict[str, Callable[[Path], Shown]] = {
    fault.__name__: fault
    for fault in (
        input_out_of_range,
        projected_without_mean,
        same_picture_in_two_splits,
        corruption_too_small,
        collapsed_output,
        identity_shortcut,
        dead_pixels,
        dead_units,
        bypass_carries_picture,
        no_better_than_mean_picture,
        no_better_than_pca,
        features_are_no_codes,
        classifier_predicts_one_class,
        accuracy_at_chance,
        not_converged,
        overfit,
        losses_with_different_penalties,
        difference_within_seeds,
        error_falls_as_task_gets_harder,
        same_error_at_every_strength,
        psnr_contradicts_error,
        ssim_contradicts_error,
        matrix_product_as_error,
        loss_of_standardised_pictures,
    )
}
"""By the name of the check that finds it."""

if __name__ == "__main__":
    main()
