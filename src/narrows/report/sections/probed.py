"""Labelled pictures that a model's codes were probed with: the classifiers of its codes beside those of raw pixels."""

import math
from collections.abc import Iterator

from narrows.report.arms import Arm
from narrows.report.colours import DASHES, MARKERS, Style
from narrows.report.numbers import figure
from narrows.report.page import Block, Section
from narrows.report.sections.classifiers import confusion, roc
from narrows.report.sections.probe import Probed, Way, amount, curves, table, without_looking
from narrows.report.subject import Arrays, Subject
from narrows.report.text import file_name
from narrows.results import PROBED, PROBED_MAJORITY, PROBED_PIXELS, data_condition

BESIDE = {
    PROBED_PIXELS: Arm("raw pixels", "baseline", Style("ink", DASHES["baseline"], MARKERS[-1]), (0,)),
    PROBED_MAJORITY: Arm("largest class", "baseline", Style("grey", DASHES["baseline"], MARKERS[-2]), (0,)),
}
"""What stands beside the codes, by evaluation."""
LEARNER = "a linear classifier"


def probed(subject: Subject) -> Section | None:
    """What `narrows probe` found: accuracies on all data, and curves and mistakes on those that arrays are kept of."""
    ways = tuple(_ways(subject))
    if not ways:
        return None
    blocks: list[Block] = []
    for way in ways:
        name = f"probed-{file_name(way.label)}"
        if (plot := curves("test", (way,), f"{name}-accuracy-over-labels")) is not None:
            blocks.append(plot)
    blocks.append(table(_caption(ways), ways))
    for way in ways:
        drawn = {arm: each.arrays for arm, each in way.found.items() if "conditions" in each.arrays}
        blocks += roc("test", drawn, f"probed-{file_name(way.label)}-roc")
        blocks += [
            confusion("test", arrays["class_names"].tolist(), arm, arrays)
            for arm, arrays in drawn.items()
            if arm not in BESIDE.values()
        ]
    return Section("probed", "Classified with few labels", tuple(blocks), lead=" ".join(_verdict(way) for way in ways))


def _ways(subject: Subject) -> Iterator[Way]:
    """One for each data set."""
    keys = [key for key in subject.measures if key.evaluation == PROBED]
    for data in dict.fromkeys(key.condition.split()[0].removeprefix("data=") for key in keys):
        found: dict[Arm, Probed] = {}
        for arm in subject.arms:
            for evaluation, shown in {PROBED: arm, **BESIDE}.items():
                each = _read(subject, arm, evaluation, data)
                if each.accuracy and (shown is arm or shown not in found or not found[shown].arrays):
                    found[shown] = each
        baselines = [arm for arm in BESIDE.values() if arm in found]
        models = [arm for arm in found if arm not in baselines]
        yield Way(PROBED, f"on {data}", LEARNER, {arm: found[arm] for arm in (*models, *baselines)})


def _read(subject: Subject, arm: Arm, evaluation: str, data: str) -> Probed:
    accuracy = {
        key.condition.partition("labels=")[2]: measure
        for key, measure in subject.measures.items()
        if (key.evaluation, key.split, key.metric, key.arm) == (evaluation, "test", "accuracy", arm.name)
        and key.condition.startswith(f"data={data} ")
    }
    return Probed(accuracy, _arrays(subject, arm, evaluation, data) if accuracy else {})


def _arrays(subject: Subject, arm: Arm, evaluation: str, data: str) -> Arrays:
    """Of the first seed that has them of these data."""
    for seed in arm.seeds:
        arrays = subject.run.arrays(arm.name, seed, evaluation)
        if arrays and data_condition(str(arrays["data"])) == f"data={data}":
            return arrays
    return {}


def _verdict(way: Way) -> str:
    """Whether the codes are worth having: the best model's accuracy beside that of raw pixels."""
    said = []
    (pixels,) = (arm for arm in way.found if arm is BESIDE[PROBED_PIXELS])
    for budget in dict.fromkeys((way.budgets[0], way.budgets[-1])):
        means = {arm: value for arm, value in way.means(budget).items() if arm not in BESIDE.values()}
        if not means or budget not in way.found[pixels].accuracy:
            continue
        best = max(means, key=lambda arm: means[arm])
        ours, theirs = means[best], way.found[pixels].accuracy[budget].interval.mean
        chance = _chance(ours, theirs, way.found[best].accuracy[budget].pictures)
        told = "ahead of them" if ours > theirs + chance else "behind them" if ours < theirs - chance else "as good"
        said.append(
            f"with {amount(budget)} {LEARNER} of the codes of “{best.name}” is right for {figure(ours, 3)} of the test"
            f" pictures and of raw pixels for {figure(theirs, 3)}, so the codes are {told}"
        )
    return f"O{way.label[1:]}, {'; '.join(said)}."


def _chance(one: float, other: float, pictures: int) -> float:
    """Half-width of the 95 % interval of a difference of two shares of as many pictures, taken as independent."""
    return 1.96 * math.sqrt((one * (1 - one) + other * (1 - other)) / pictures)


def _caption(ways: tuple[Way, ...]) -> str:
    return (
        f"Share of the test pictures whose class {LEARNER} names, by how many training pictures had a label; the weight"
        f" decay is chosen on validation.{without_looking(ways)} The best of a column is bold and marked ◆."
    )
