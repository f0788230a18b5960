"""The doctor: finds in a finished run the mistakes that make its figures wrong.

Every check is a function of the run folder alone; a new one is a function and its place in `CHECKS`.
"""

from collections.abc import Callable, Iterable

from narrows.diagnostics.arms import SEVERITIES, trained
from narrows.diagnostics.classifiers import (
    accuracy_at_chance,
    classifier_predicts_one_class,
    features_are_no_codes,
)
from narrows.diagnostics.figures import (
    error_falls_as_task_gets_harder,
    matrix_product_as_error,
    psnr_contradicts_error,
    same_error_at_every_strength,
    ssim_contradicts_error,
)
from narrows.diagnostics.inputs import (
    corruption_too_small,
    input_out_of_range,
    projected_without_mean,
    same_picture_in_two_splits,
)
from narrows.diagnostics.learning import (
    difference_within_seeds,
    losses_with_different_penalties,
    not_converged,
    overfit,
)
from narrows.diagnostics.outputs import (
    bypass_carries_picture,
    collapsed_output,
    dead_pixels,
    dead_units,
    identity_shortcut,
    no_better_than_mean_picture,
    no_better_than_pca,
)
from narrows.diagnostics.units import loss_of_standardised_pictures
from narrows.results import Finding, Run

__all__ = ["CHECKS", "diagnose", "exit_code"]

Check = Callable[[Run], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
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
"""Causes before what they lead to: a black output is dead pixels first and no better than PCA last."""


def diagnose(run: Run) -> list[Finding]:
    """Everything that the checks find: gravest first, then improved arms, then the experiment's order of arms."""
    arms = trained(run)
    order = {arm.name: place for place, arm in enumerate(arms)}
    improved = {arm.name for arm in arms if arm.role == "improved"}

    def rank(finding: Finding) -> tuple[int, bool, int]:
        return SEVERITIES.index(finding.severity), finding.arm not in improved, order.get(finding.arm, len(order))

    return sorted((finding for check in CHECKS for finding in check(run)), key=rank)


def exit_code(findings: Iterable[Finding]) -> int:
    """What `narrows doctor` hands to the shell: 1 where there is an error, else 0."""
    return int(any(finding.severity == "error" for finding in findings))
