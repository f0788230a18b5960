"""Checks of what the models return, beside the baselines that stand in every table."""

import operator
from collections.abc import Iterable
from functools import partial

from narrows.diagnostics.arms import Arm, errors, facts, mean, shown, trained
from narrows.results import Finding, Run

COLLAPSED = 0.01
"""Share of the targets' variance: a single PCA number carries 0.10 of it on MNIST, 0.29 on FashionMNIST."""

COPIED = 0.1
"""Distance to the input over distance to the target. An output that keeps the share a of the noise has
(1 - a)^2 / a^2: below 0.1 it keeps over three quarters, where half is as near to the one as to the other."""

DEAD_UNITS_WARNING = 0.1
"""Some units of a rectified layer die by chance; from a tenth on the code is smaller than its arm's name says."""

DEAD_UNITS_ERROR = 0.5
"""With half of the units dead the arm is a different one: the next smaller code, where sizes halve."""

DEAD_PIXELS_WARNING = 0.01
"""An output that is linear or a sigmoid has none; a hundredth lets single pixels through that hardly ever vary."""

DEAD_PIXELS_ERROR = 1 / 3
"""The third of MNIST's varying pixels that vary least holds 0.01 of the variance (FashionMNIST: a sixth): more dead
pixels than that must show."""


def collapsed_output(run: Run) -> Iterable[Finding]:
    """Fault: every picture comes back as nearly the same one.

    Threshold: the output varies less than `COLLAPSED` of the targets' variance. Report 004's L1 weights of 1e-5 and
    1e-4 end so, with a black output, and were read as sparse codes.
    """
    for arm in trained(run):
        if found := shown(facts(run, arm.name, "output_variation"), lambda value: value < COLLAPSED):
            yield Finding(
                "error",
                "collapsed output",
                arm.name,
                f"outputs vary {found.mean:.2g} times as much as targets, {COLLAPSED:g} is the least ({found.seeds})",
                "Lower the penalty's weight or the learning rate, and avoid rectified outputs; then train again.",
            )


def identity_shortcut(run: Run) -> Iterable[Finding]:
    """Fault: the model hands its input through where input and target differ: a denoiser that denoises nothing.

    Threshold: the output is nearer to the input than to the target by `COPIED` in squared error. Without a corruption
    both distances are one, so that a plain autoencoder never shows it.
    """
    for arm in trained(run):
        distances, targets = facts(run, arm.name, "input_distance"), errors(run, arm.name)
        ratios = {seed: distances[seed] / targets[seed] for seed in distances if targets.get(seed, 0.0) > 0}
        if found := shown(ratios, lambda ratio: ratio < COPIED):
            yield Finding(
                "error",
                "identity shortcut",
                arm.name,
                f"squared distance to the input {mean(distances):.3g}, to the target {mean(targets):.3g} "
                f"({found.seeds})",
                "Train on the corruption that is measured, and narrow what passes around the code.",
            )


def dead_pixels(run: Run) -> Iterable[Finding]:
    """Fault: pixels that vary in the targets and never in the output, as a rectified output leaves them black for good.

    Thresholds: a warning above `DEAD_PIXELS_WARNING`, an error above `DEAD_PIXELS_ERROR`, of the targets' varying
    pixels.
    """
    for arm in trained(run):
        if found := shown(facts(run, arm.name, "black_pixels"), lambda share: share > DEAD_PIXELS_WARNING):
            yield Finding(
                "error" if found.mean > DEAD_PIXELS_ERROR else "warning",
                "dead pixels",
                arm.name,
                f"{found.mean:.1%} of the pixels that vary in the targets never vary in the output ({found.seeds})",
                "Use a sigmoid or a linear output instead of a rectified one.",
            )


def dead_units(run: Run) -> Iterable[Finding]:
    """Fault: code numbers that are the same for every picture; units that are seldom active, as in k-sparse ones, live.

    Thresholds: a warning above `DEAD_UNITS_WARNING`, an error above `DEAD_UNITS_ERROR`, of the code. Only where nothing
    passes around the code: the lowest features of a U-Net are no code that anything is compressed to.
    """
    for arm in trained(run):
        if mean(facts(run, arm.name, "bypass_numbers")) > 0:
            continue
        if found := shown(facts(run, arm.name, "dead_units"), lambda share: share > DEAD_UNITS_WARNING):
            yield Finding(
                "error" if found.mean > DEAD_UNITS_ERROR else "warning",
                "dead code units",
                arm.name,
                f"{found.mean:.1%} of {mean(facts(run, arm.name, 'code_numbers')):g} code numbers never vary "
                f"({found.seeds})",
                "Lower the learning rate or the penalty's weight, or use a linear code; else name the smaller size.",
            )


def bypass_carries_picture(run: Run) -> Iterable[Finding]:
    """Fault: numbers reach the decoder around the code, and a compressor is credited with a code that it does not need.

    Threshold: a warning where compression sends more around the code than through it; any other bypass is a note, for
    a denoiser may use one, and the count belongs beside its error.
    """
    for arm in trained(run):
        code, bypass = mean(facts(run, arm.name, "code_numbers")), mean(facts(run, arm.name, "bypass_numbers"))
        if bypass > 0:
            yield Finding(
                "warning" if arm.task == "compression" and bypass > code else "note",
                "bypass carries the picture",
                arm.name,
                f"{bypass:g} numbers a picture pass around the code, {code:g} through it",
                "Compare it only with arms that pass as many numbers, and count both.",
            )


def no_better_than_mean_picture(run: Run) -> Iterable[Finding]:
    """Fault: the same picture for every input, the training pictures' mean, has no higher error.

    Threshold: the mean picture's own mse on the same split. Report 000's autoencoder on STL-10 stands there.
    """
    baseline = mean(errors(run, "mean picture"))
    for arm in trained(run):
        if found := shown(errors(run, arm.name), lambda error: error >= baseline):
            yield Finding(
                "error",
                "no better than the mean picture",
                arm.name,
                f"mse {found.mean:.4g}, the mean picture's {baseline:.4g}, on {run.judged_split} ({found.seeds})",
                "Look at what the model gets and returns; then train longer, or with another learning rate.",
            )


def no_better_than_pca(run: Run) -> Iterable[Finding]:
    """Fault: a linear map, in closed form, passes as many numbers and loses no more.

    Thresholds: an error at or above the mse of PCA with as many numbers, a warning at or above that of PCA with its
    output clamped to [0, 1], which is the PCA to beat. Only where PCA got the same input, and nothing passes around the
    code. Report 004's fc(64) to fc(256) stand there, and report 000's autoencoders by a factor of three.
    """
    for arm in trained(run):
        pca = _pca_to_beat(run, arm)
        raw = mean(errors(run, pca))
        clamped = min(raw, mean(errors(run, pca, "clamped")))
        if found := shown(errors(run, arm.name), partial(operator.le, clamped)):
            yield Finding(
                "error" if found.mean >= raw else "warning",
                "no better than PCA",
                arm.name,
                f"mse {found.mean:.4g}; '{pca}' {raw:.4g}, clamped {clamped:.4g}, on {run.judged_split} "
                f"({found.seeds})",
                "Train longer, start from PCA's weights, or use a convolutional encoder; else use PCA.",
            )


def _pca_to_beat(run: Run, arm: Arm) -> str:
    """The PCA of as many numbers on the same input; empty where there is none or the comparison is not fair."""
    if arm.closed_form or mean(facts(run, arm.name, "bypass_numbers")) > 0:
        return ""
    size = mean(facts(run, arm.name, "code_numbers"))
    for entry in run.experiment.get("arms", []):
        same = entry.get("description", {}).get("corruption") == arm.description.get("corruption")
        if entry["name"].startswith("PCA") and same and mean(facts(run, entry["name"], "code_numbers")) == size:
            return str(entry["name"])
    return ""
