"""Write the figures of docs/reports.md anew: what five course reports state, and what the recorded reruns give.

    python docs/reports.py

Read are `src/narrows/experiments/reported.csv` and the runs under docs/results/; `make results` calls it as well.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from filling import fill
from record import DOCS, MEASURED, reruns, spread, stated

from narrows.files import write_atomic
from narrows.results import METRICS, Reported, Run, open_run, read_rows

REPORTED = DOCS.parent / "src" / "narrows" / "experiments" / "reported.csv"
PAGE = DOCS / "reports.md"

CLASSES = (50, 43, 62, 41, 41, 55, 56, 53, 47, 52)
"""Test pictures of each class, by the confusion matrix that report 000 prints."""


class Better(NamedTuple):
    """One row of what a better recipe gives: three arms under one condition, by one metric of the test split."""

    experiment: str
    condition: str
    metric: str
    reported: str
    baseline: str
    improved: str
    evaluation: str = "reconstruction"


BETTER = {
    "000": (
        Better("bottleneck", "", "mse", "as reported, code 16", "PCA, code 16", "improved, code 16"),
        Better("bottleneck", "", "mse", "as reported, code 256", "PCA, code 256", "improved, code 256"),
        *(
            Better(
                "masking",
                f"hidden={ratio} pixels=hidden",
                "mse",
                f"as reported, code 16, trained at {ratio}",
                "biharmonic interpolation",
                "improved, pixels",
            )
            for ratio in (0.2, 0.8)
        ),
        *(
            Better(
                "label_efficiency",
                f"labels={share}",
                "accuracy",
                "as reported, MLP 512-256-128",
                "compared, raw pixels",
                "improved",
                "label_efficiency",
            )
            for share in (0.01, 0.1, 1.0)
        ),
    ),
    "001": (
        Better(
            "pca_vs_autoencoder",
            "",
            "squared_error",
            "as reported, 784-512-256-128-30, batch 32",
            "PCA, code 30",
            "improved, code 30",
        ),
        Better("hidden_size", "", "squared_error", "as reported, fc(64)-fc(64)", "PCA, code 64", "improved, code 64"),
        Better(
            "denoising",
            "noise=0.7",
            "psnr",
            "as reported, fc(256)-fc(256), trained at 0.7",
            "PCA, code 256",
            "improved, all levels",
        ),
    ),
    "002": (
        Better("mean_image", "", "psnr", "as reported, convolutional", "PCA, code 256", "improved, code 256"),
        Better("mean_image", "", "ssim", "as reported, convolutional", "PCA, code 256", "improved, code 256"),
    ),
    "003": (
        *(
            Better(
                "separation",
                f"source={source}",
                "psnr",
                "as reported, ResNet-18, two decoders",
                "input",
                "improved, U-Net and formula",
            )
            for source in ("cifar10", "mnist")
        ),
        *(
            Better("separation_grey", f"source={source}", "psnr", "", "input", "improved, U-Net and formula")
            for source in ("mnist", "fashion_mnist")
        ),
    ),
    "004": (
        Better(
            "pca_vs_autoencoder",
            "",
            "squared_error",
            "as reported, 784-512-256-128-30, 20 epochs",
            "PCA, code 30",
            "improved, code 30",
        ),
        Better("hidden_size", "", "squared_error", "as reported, fc(64)", "PCA, code 64", "improved, code 64"),
        Better("hidden_size", "", "squared_error", "as reported, fc(256)", "PCA, code 256", "improved, code 256"),
        Better("sparse", "", "squared_error", "as reported, L1 1e-6", "PCA, code 256", "improved, 30 active"),
        Better(
            "denoising",
            "noise=0.3",
            "psnr",
            "as reported, fc(256), trained at 0.3",
            "PCA, code 256",
            "improved, all levels",
        ),
        Better("manifold", "", "squared_error", "as reported, 784-64-8", "PCA, code 8", "improved, lowest error"),
        Better(
            "convolutional", "", "squared_error", "as reported, deconvolution", "PCA, code 144", "improved, code 144"
        ),
    ),
}


class Source(NamedTuple):
    """What there is to read of the reports."""

    rows: list[Reported]
    """Every figure that they state."""
    runs: dict[str, Run]
    """The recorded reruns, by experiment."""

    def one(self, report: str, experiment: str, metric: str, **where: str) -> float:
        """The only figure of these words; `arm`, `condition` and `split` where they are needed."""
        (value,) = self.all(report, experiment, metric, **where)
        return value

    def all(self, report: str, experiment: str, metric: str, **where: str) -> list[float]:
        """All figures of these words."""
        return [
            row.value
            for row in self.rows
            if (row.report, row.experiment, row.metric) == (report, experiment, metric)
            and all(getattr(row, name) == value for name, value in where.items())
        ]


def main() -> None:
    """Write the page anew."""
    write_atomic(PAGE, fill(PAGE.read_text(encoding="utf-8"), blocks(read(DOCS / "results"))).encode())


def read(results: Path) -> Source:
    """The reports' figures and the recorded runs."""
    runs = {folder.name: open_run(folder) for folder in sorted(results.iterdir()) if folder.is_dir()}
    return Source(read_rows(REPORTED, Reported), runs)


def blocks(source: Source) -> dict[str, list[str]]:
    """The lines of every block of the page."""
    kinds: dict[str, Callable[[Source, str], Iterator[str]]] = {
        "faults": faults,
        "rerun": rerun,
        "conclusions": conclusions,
        "better": better,
    }
    found = {f"{report} {kind}": list(lines(source, report)) for report in BETTER for kind, lines in kinds.items()}
    return found | {f"{report} arithmetic": list(lines(source)) for report, lines in ARITHMETIC.items()}


def faults(source: Source, report: str) -> Iterator[str]:
    """The figures that cannot be what they are called, or may not be, those of one reason together."""
    grouped: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for row in source.rows:
        if row.report == report and row.valid != "yes" and row.note:
            figures = grouped.setdefault((row.experiment, row.valid, row.note), {})
            figures.setdefault(METRICS[row.metric].label, []).append(f"{row.value:g}")
    yield "| of | figures | can be right | why |"
    yield "| --- | --- | --- | --- |"
    for (experiment, valid, note), figures in grouped.items():
        said = "; ".join(f"{label} {', '.join(dict.fromkeys(values))}" for label, values in figures.items())
        yield f"| {experiment} | {said} | {valid} | {note} |"


def rerun(source: Source, report: str) -> Iterator[str]:
    """The figures that a rerun stands beside, as the report measured and as it should be; then what is not recorded."""
    yield "| of | arm | what | reported | while training | measured as in the report | measured properly |"
    yield "| --- | --- | --- | ---: | ---: | ---: | ---: |"
    missing = []
    for experiment in dict.fromkeys(row.experiment for row in source.rows if row.report == report):
        if experiment not in source.runs:
            missing.append(f"`{experiment}`")
            continue
        run = source.runs[experiment]
        for row in run.reported:
            if row.report == report and (found := reruns(run, row)):
                training, measured, labels, proper = (found.get(name, "") for name in MEASURED)
                figures = f"{row.value:g} | {training} | {measured} | {labels or proper}"
                yield f"| {experiment} | {row.arm.removeprefix('as reported, ')} | {stated(row)} | {figures} |"
    if missing:
        yield ""
        yield f"Not recorded yet: {', '.join(missing)}."


def conclusions(source: Source, report: str) -> Iterator[str]:
    """What the report concludes, and what the rerun says of it."""
    yield "| it concludes | verdict | by the rerun |"
    yield "| --- | --- | --- |"
    for run in source.runs.values():
        for found in run.conclusions:
            if found.report == report:
                yield f"| {found.claim} | {found.verdict} | {found.evidence} |"


def better(source: Source, report: str) -> Iterator[str]:
    """A better recipe beside the reported one and a baseline, on the test split; what is not recorded is named."""
    yield "| of | what | as reported | baseline | improved |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for row in BETTER[report]:
        what = " ".join(filter(None, (METRICS[row.metric].label, row.condition)))
        if row.experiment not in source.runs:
            yield f"| {row.experiment} | {what} | not recorded yet | | |"
            continue
        run = source.runs[row.experiment]
        key = {"split": "test", "evaluation": row.evaluation, "condition": row.condition}
        cells = (
            f"{spread(run.values(arm, row.metric, **key))} ({arm.removeprefix(before)})" if arm else ""
            for arm, before in ((row.reported, "as reported, "), (row.baseline, ""), (row.improved, "improved, "))
        )
        yield f"| {row.experiment} | {what} | {' | '.join(cells)} |"


def few_labels(source: Source) -> Iterator[str]:
    """Report 000: masks that make the task easier, and accuracies that are counts of one class."""
    low, high = (source.one("000", "masking", "mse", condition=f"hidden={ratio}", split="test") for ratio in (0.2, 0.8))
    plain = source.one("000", "bottleneck", "mse", arm="as reported, code 16", split="test")
    pca = [source.runs["bottleneck"].mean(f"PCA, code {size}", "mse") for size in (32, 256)]
    reported = source.one("000", "bottleneck", "mse", arm="as reported, code 256", split="test")
    yield f"- With 20 % of the pixels hidden the test mse is {low:g}, with 80 % {high:g}, with none {plain:g}: hiding"
    yield f"  four fifths of a picture is said to gain {1 - high / plain:.1%} over hiding nothing."
    yield f"- The best of its codes, of 256 numbers, has {reported:g} on test. On the rerun's pictures PCA has"
    yield f"  {pca[0]:.4g} with 32 numbers and {pca[1]:.4g} with 256."
    total = sum(CLASSES)
    accuracies = sorted(set(source.all("000", "label_efficiency", "accuracy", split="test")))
    counts = [round(accuracy * total) for accuracy in accuracies]
    if not all(count in CLASSES for count in counts):
        raise ValueError(f"expected counts of classes, found {counts}; look at reported.csv")
    said = ", ".join(f"{accuracy:g} x {total} = {count}" for accuracy, count in zip(accuracies, counts, strict=True))
    yield f"- Every one of its {len(accuracies)} test accuracies is the size of one class of its {total} test pictures,"
    yield f"  by the confusion matrix that it prints: {said}. A classifier that names one class for all has just these."
    losses = source.all("000", "label_efficiency", "cross_entropy")
    yield f"- Its cross-entropies, {min(losses):g} to {max(losses):g}, lie above ln 10 = {math.log(10):.4f}, which is"
    yield "  that of a guess among ten classes."


def black_pictures(source: Source) -> Iterator[str]:
    """Report 001: an accuracy that a black picture has."""
    of_networks = sorted(
        row.value
        for row in source.rows
        if (row.report, row.metric) == ("001", "keras_accuracy") and row.arm.startswith("as reported")
    )
    black = source.one("001", "pca_vs_autoencoder", "keras_accuracy", arm="an all-black picture")
    run = source.runs["pca_vs_autoencoder"]
    own, better = (
        run.mean(arm, "keras_accuracy", split="validation")
        for arm in ("as reported, 784-512-256-128-30, batch 32", "improved, code 30")
    )
    errors = [
        run.mean(arm, "squared_error") for arm in ("as reported, 784-512-256-128-30, batch 32", "improved, code 30")
    ]
    yield f"- Its {len(of_networks)} accuracies lie between {of_networks[0]:g} and {of_networks[-1]:g}. A picture"
    yield f"  that is black everywhere has {black:g} on the same digits."
    yield f"- The rerun's network has {own:.4f}, and the improved one, whose squared error is"
    yield f"  {errors[0] / errors[1]:.1f} times less, {better:.4f}: grey pixels, which no rounded output"
    yield "  equals, never count."


def peaks(source: Source) -> Iterator[str]:
    """Report 002: a loss above the mean picture's, and a psnr that does not belong to it."""
    loss = source.one("002", "mean_image", "loss", condition="epoch=50", split="test")
    psnr = source.one("002", "mean_image", "psnr")
    mean = source.runs["mean_image"].mean("mean picture", "mse")
    own = source.runs["mean_image"].mean("as reported, convolutional", "mse")
    yield "- Pictures less 0.5 over 0.5 span 2, so that a squared error is four times that of pictures in [0, 1]. The"
    yield f"  mean picture has 4 x {mean:.4g} = {4 * mean:.3f}; the report ends at {loss:g}, the rerun at"
    yield f"  4 x {own:.4g} = {4 * own:.4f}."
    yield f"- A psnr of {psnr:g} dB with that loss takes a peak of sqrt({loss:g}) x 10^({psnr:g} / 20) ="
    yield f"  {math.sqrt(loss) * 10 ** (psnr / 20):.2f}; the range of 2 gives {10 * math.log10(4 / loss):.2f} dB."


def wrong_peak(source: Source) -> Iterator[str]:
    """Report 003: psnr with a peak of 255 of pictures in [0, 1]."""
    gain = 20 * math.log10(255)
    stated = {
        name: source.one("003", "separation", "psnr", condition=f"source={name}") for name in ("cifar10", "mnist")
    }
    yield (
        f"- A peak of 255 in place of 1 adds 20 log10 255 = {gain:.2f} dB. Without it: "
        + ", ".join(f"{name} {value:g} - {gain:.2f} = {value - gain:.2f} dB" for name, value in stated.items())
        + "."
    )
    errors = [10 ** ((gain - value) / 10) for value in stated.values()]
    loss = source.one("003", "separation", "total_loss", condition="epoch=1")
    yield f"- The reported loss agrees: {loss:g} on [-1, 1] is {loss / 4:.3f} on [0, 1], and the two corrected figures"
    yield f"  stand for {errors[0]:.4f} + {errors[1]:.4f} = {sum(errors):.4f}, the uncorrected ones for"
    yield f"  {sum(errors) / 255**2:.1e}."
    rounding = 10 * math.log10(12 * 255**2)
    yield f"- Rounding a picture to 8 bits alone leaves {rounding:.1f} dB: a network cannot be above it and blurry."


def scales(source: Source) -> Iterator[str]:
    """Report 004: pictures of 0 to 255 for networks of [0, 1], and products that are no squares."""
    run = source.runs["pca_vs_autoencoder"]
    ten = "pictures=9705-9714"
    stated = source.one("004", "pca_vs_autoencoder", "squared_error", arm="as reported, PCA 30")
    proper = run.mean("as reported, PCA 30", "squared_error", condition=ten)
    yield f"- PCA was projected without the mean: {stated:g} on its ten digits, {proper:.2f} by the same with it."
    arm = "as reported, 784-512-256-128-30, 20 epochs"
    fed = source.one("004", "pca_vs_autoencoder", "squared_error", arm=arm)
    right = spread(run.values(arm, "squared_error", split="test", condition=ten))
    yield f"- The network was fed 0 to 255, having learned from [0, 1]: {fed:g}. Fed as it was trained the rerun has"
    yield f"  {right} on the same ten, PCA {proper:.2f}: the order that the report states is that of its mistakes."
    same = source.all("004", "denoising", "squared_error", arm="as reported, fc(256), trained at 0.3")
    yield f"- Noise of 0.9 added to 0 to 255 stands 20 log10(255 / 0.9) = {20 * math.log10(255 / 0.9):.1f} dB below the"
    yield f"  picture. The same network has {min(same):.2f} to {max(same):.2f} at noise of 0.3 to 0.9: a spread of"
    yield f"  {max(same) / min(same) - 1:.2%}, where the noise's energy grows {(0.9 / 0.3) ** 2:.0f}-fold."
    lowest = min(source.all("004", "convolutional", "matrix_product_lowest"))
    error = source.runs["convolutional"].mean("as reported, deconvolution", "squared_error", condition=ten)
    yield f"- Its convolutional errors go down to {lowest:g}. A sum of squares is never below 0; the rerun's mean"
    yield f"  squared error of the same ten digits is {error:.2f} with deconvolution."
    dark = source.runs["sparse"].mean("as reported, L1 1e-5", "active_units", evaluation="checks")
    yield f"- Its L1 weights of 1e-5 and 1e-4 leave {dark:.1g} of 1 156 units active: the output is black, not sparse."


ARITHMETIC: dict[str, Callable[[Source], Iterator[str]]] = {
    "000": few_labels,
    "001": black_pictures,
    "002": peaks,
    "003": wrong_peak,
    "004": scales,
}

if __name__ == "__main__":
    main()
