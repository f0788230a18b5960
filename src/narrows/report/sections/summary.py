"""The answer in a few sentences: the best arm, and what it has to be compared with."""

from narrows.report.arms import Arm
from narrows.report.numbers import count, figure, measured, percent
from narrows.report.subject import Measure, Subject, metric_of
from narrows.results import Metric


def answer(subject: Subject) -> tuple[str, ...]:
    """The best trained arm against PCA at its code size; a sentence each, none where nothing was measured.

    Of classifiers the best one, and the best of a source report beside it.
    """
    if subject.trained and all(arm.task == "classification" for arm in subject.trained):
        return _of_classifiers(subject)
    merit = subject.merit
    best = best_arm(subject, subject.trained, merit)
    if best is None:
        return ()
    sentences = [_leader(subject, best, merit)]
    if (pca := pca_beside(subject, best)) is not None:
        sentences.append(_against_pca(subject, best, pca, merit))
    return (*sentences, *_without_learning(subject, merit))


def best_arm(subject: Subject, arms: tuple[Arm, ...], metric: str) -> Arm | None:
    """Which of `arms` does best by a metric on the judged pictures; None where it was not measured."""
    found = {arm: measure.interval.mean for arm in arms if (measure := subject.measure(arm, metric)) is not None}
    if not found:
        return None
    choose = max if metric_of(metric).better == "higher" else min
    return choose(found, key=lambda arm: found[arm])


def pca_beside(subject: Subject, arm: Arm) -> Arm | None:
    """PCA at the arm's own code size, if there is one."""
    sizes = {pca.name: pca for pca in subject.arms if pca.is_pca}
    return sizes.get(f"PCA, code {arm.code_numbers}")


def _of_classifiers(subject: Subject) -> tuple[str, ...]:
    """Accuracy with the most labels and with the fewest."""
    keys = [
        key
        for key in subject.measures
        if (key.evaluation, key.split, key.metric) == ("label_efficiency", subject.split, "accuracy")
    ]
    if not keys:
        return ()
    conditions = sorted({key.condition for key in keys}, key=_share)
    few, most = conditions[0], conditions[-1]
    at_most = {key.arm: subject.measures[key] for key in keys if key.condition == most}
    at_few = {key.arm: subject.measures[key].interval for key in keys if key.condition == few}

    def said(name: str) -> str:
        fewer = f", {measured(at_few[name])} with {percent(_share(few))}" if few != most and name in at_few else ""
        return f"accuracy {measured(at_most[name].interval)} with {percent(_share(most))} of the labels{fewer}"

    best = max(at_most, key=lambda name: at_most[name].interval.mean)
    found = at_most[best]
    seeds = f" ({found.interval.n} seeds)" if found.interval.n > 1 else ""
    leader = f"The best arm is “{best}”: {said(best)}, over {count(found.pictures)} {subject.split} pictures{seeds}."
    reported = [arm.name for arm in subject.arms if arm.role == "as reported" and arm.name in at_most]
    if not reported or best in reported:
        return (leader,)
    rival = max(reported, key=lambda name: at_most[name].interval.mean)
    return (leader, f"The best of the source report's, “{rival}”: {said(rival)}.")


def _share(condition: str) -> float:
    """Of the labels, as a condition labels=SHARE says it."""
    return float(condition.partition("=")[2])


def _leader(subject: Subject, best: Arm, merit: str) -> str:
    metric = metric_of(merit)
    measure = _required(subject, best, merit)
    where = f"over {count(measure.pictures)} {subject.split} pictures" + (
        f" at {subject.condition}" if subject.condition else ""
    )
    seeds = f" ({measure.interval.n} seeds)" if measure.interval.n > 1 else ""
    return (
        f"The best arm is “{best.name}”: {metric.label} {measured(measure.interval)}"
        f"{' ' + metric.unit if metric.unit else ''} {where}{seeds}."
    )


def _against_pca(subject: Subject, best: Arm, pca: Arm, merit: str) -> str:
    clamped = subject.measure(pca, merit, "clamped")
    rival = (clamped or _required(subject, pca, merit)).interval.mean
    found = _required(subject, best, merit).interval
    ours = found.mean
    name = f"{pca.name}{', clamped to the range of pictures,' if clamped else ''}"
    metric = metric_of(merit)
    ahead = ours > rival if metric.better == "higher" else ours < rival
    verdict = "so here the network keeps more than PCA" if ahead else "so here the network keeps no more than PCA"
    if found.half_width > abs(ours - rival):
        verdict = "which is less than the spread of its seeds and settles nothing"
    return f"{name} reaches {figure(rival)}: the network's figure is {_gap(ours, rival, metric)}, {verdict}."


def _without_learning(subject: Subject, merit: str) -> tuple[str, ...]:
    """What the best of the baselines reaches that neither learn nor hand their input back."""
    simple = (arm for arm in subject.arms if arm.role == "baseline" and not arm.is_pca)
    rivals = tuple(arm for arm in simple if not subject.hands_back(arm, subject.condition, subject.split))
    best = best_arm(subject, rivals, merit)
    if best is None:
        return ()
    reached = figure(_required(subject, best, merit).interval.mean)
    if best.name == "mean picture":
        return (f"Answering every picture with the mean picture gives {reached}.",)
    return (f"The best that learns nothing, “{best.name}”, gives {reached}.",)


def _gap(ours: float, rival: float, metric: Metric) -> str:
    """How far a figure lies from PCA's: a difference where higher is better (decibels), else a ratio."""
    side = "above" if ours > rival else "below"
    if metric.better == "higher" or rival == 0:
        return f"{figure(abs(ours - rival), 3)} {metric.unit}".strip() + f" {side} it"
    return (
        f"{figure(ours / rival, 2)} times that"
        if ours > 2 * rival
        else f"{percent(abs(ours / rival - 1), 2)} {side} it"
    )


def _required(subject: Subject, arm: Arm, metric: str) -> Measure:
    found = subject.measure(arm, metric)
    if found is None:
        raise KeyError(f"{arm.name} has no {metric}")
    return found
