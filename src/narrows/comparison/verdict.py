"""Who is ahead, by how much, whether that can be trusted, and what may not be compared."""

from collections.abc import Sequence
from typing import NamedTuple

from narrows.comparison.differences import Difference, Verdict, difference
from narrows.comparison.ground import Ground
from narrows.comparison.reading import Contender, Entrant, Field, merit_of
from narrows.report.numbers import count, figure, measured, percent
from narrows.report.page import Card, Cards, Section, Sight
from narrows.report.subject import metric_of
from narrows.report.text import listed
from narrows.results import Interval

WORDS: dict[Verdict, str] = {
    "settled": "neither other pictures nor other seeds would be expected to turn that round",
    "one training each": "other pictures would not be expected to turn that round, but another seed might: run both"
    " with --seeds 3",
    "within the seeds": "that is less than trainings with other seeds differ by, so it settles nothing",
    "within the pictures": "that is less than the choice of pictures explains, so it settles nothing",
}


class Ranking(NamedTuple):
    """The contenders of one ground, best first, in the metric that judges them."""

    ground: Ground
    metric: str
    contenders: tuple[Contender, ...]

    @property
    def trained(self) -> tuple[Contender, ...]:
        """Those that are no baselines."""
        return tuple(contender for contender in self.contenders if contender.trained)


def rankings(field: Field) -> tuple[Ranking, ...]:
    """A ranking for every ground where trained arms of several runs meet; what hands its input back is left out."""
    found = []
    for ground in field.grounds:
        competing = [contender for contender in field.on(ground) if not contender.arm.is_input]
        runs = {contender.entrants[0].name for contender in competing if contender.trained}
        if len(runs) > 1 and (metric := merit_of(competing)):
            found.append(Ranking(ground, metric, _ranked(competing, metric)))
    return tuple(found)


def _ranked(contenders: Sequence[Contender], metric: str) -> tuple[Contender, ...]:
    falling = metric_of(metric).better == "higher"
    return tuple(sorted(contenders, key=lambda each: mean_of(each, metric).mean, reverse=falling))


def mean_of(contender: Contender, metric: str) -> Interval:
    """A metric that it is known to have, over seeds."""
    found = contender.measure(metric)
    assert found is not None
    return found.interval


def answer(field: Field) -> tuple[str, ...]:
    """Who is ahead on each ground where runs meet, by how much, and whether that can be trusted."""
    found = rankings(field)
    if not found:
        return ("No two of these runs were judged on the same pictures with the same input, so none is ahead.",)
    several = len(field.grounds) > 1
    return tuple(sentence for ranking in found for sentence in _told(ranking, several=several))


def _told(ranking: Ranking, *, several: bool) -> list[str]:
    first, second = ranking.trained[:2]
    unit = metric_of(ranking.metric)
    best = mean_of(first, ranking.metric)
    seeds = f" ({best.n} seeds)" if best.n > 1 else ""
    where = f"On {ranking.ground}, " if several else ""
    said = [
        f"{where}“{first.name}” is ahead: {unit.label} {measured(best)}{' ' + unit.unit if unit.unit else ''}"
        f"{'' if several else f' over {ranking.ground}'}{seeds}.",
        f"“{second.name}” comes second with {_behind(first, second, ranking.metric)}",
        *_sizes(first, second),
    ]
    others = [each for each in ranking.trained if each.entrants != first.entrants]
    if others[0] is not second:
        said.append(f"The best of another run, “{others[0].name}”, has {_behind(first, others[0], ranking.metric)}")
        said += _sizes(first, others[0])
    leader = ranking.contenders[0]
    if not leader.trained:
        said.append(f"No trained arm does better than “{leader.name}”: {figure(mean_of(leader, ranking.metric).mean)}.")
    grave = _grave(first)
    if grave:
        said.append(f"The doctor objects to “{first.name}”: {listed(grave)}.")
    return said


def _behind(first: Contender, second: Contender, metric: str) -> str:
    """What the second reaches, how far that is behind the first, and whether it would stay so."""
    found = difference(second, first) if metric == "squared_error" else None
    rival = mean_of(second, metric)
    if found is None:
        return f"{measured(rival)}; without errors of the same pictures it cannot be said whether by chance."
    return (
        f"{measured(rival)}, {gap(found)} more (95 % interval over {count(found.num_pictures)} pictures), and is the"
        f" better one on {percent(found.share_better, 2)} of them: {WORDS[found.verdict]}."
    )


def _sizes(first: Contender, second: Contender) -> tuple[str, ...]:
    """That one arm passes more numbers of a picture on than the other, where it does."""
    ours, theirs = ((each.arm.code_numbers or 0) + (each.arm.bypass_numbers or 0) for each in (first, second))
    if ours == theirs:
        return ()
    return (f"Of a picture, “{first.name}” passes on {count(ours)} numbers and “{second.name}” {count(theirs)}.",)


def gap(found: Difference) -> str:
    """A difference with its interval over pictures."""
    return measured(Interval(found.mean, found.half_width, found.num_pictures))


def _grave(contender: Contender) -> list[str]:
    """The doctor's errors and warnings of an arm, and those of its whole run."""
    own = {contender.own_name, ""}
    found = (finding for finding in contender.entrants[0].run.findings if finding.arm in own)
    return list(dict.fromkeys(f"{each.name} ({each.severity})" for each in found if each.severity != "note"))


def status(field: Field) -> tuple[str, ...]:
    """Why some runs cannot be quoted."""
    quick = [entrant.name for entrant in field.entrants if entrant.run.environment.get("quick") is True]
    if not quick:
        return ()
    whose = "a quick run: it shows that everything works, and its" if len(quick) == 1 else "quick runs: their"
    return (f"{listed(quick)} {'is' if len(quick) == 1 else 'are'} {whose} figures mean nothing.",)


def cautions(field: Field) -> Section | None:
    """What may not be compared, and what to mind; None where all is alike."""
    found = (_grounds(field), _without_errors(field), _chosen(field), _machines(field))
    cards = tuple(card for card in found if card is not None)
    return Section("cautions", "Before you compare", (Cards(cards),)) if cards else None


def _grounds(field: Field) -> Card | None:
    if len(field.grounds) < 2:
        return None
    first = field.grounds[0]
    fields = dict.fromkeys(name for ground in field.grounds[1:] for name in first.differing(ground))
    return Card(
        tag="warning",
        tone="warning",
        title="not all were judged on the same pictures and the same input",
        seen=tuple(
            Sight(
                ", ".join(contender.name for contender in field.on(ground)),
                f"{ground}, fingerprint {ground.fingerprint or 'unknown'}.",
            )
            for ground in field.grounds
        ),
        lines=(
            ("Differing", f"{listed(list(fields))}."),
            (
                "Hence",
                "Only arms of one line are ranked, paired and drawn together. Folded tables that name a condition have"
                " all arms of the same pictures, since they got the same input there.",
            ),
        ),
    )


def _without_errors(field: Field) -> Card | None:
    names = [contender.name for contender in field.contenders if not contender.errors]
    if not names:
        return None
    return Card(
        tag="note",
        tone="note",
        title="no errors of single pictures",
        lines=(
            ("Without", f"{listed(names)}. Their run folders hold no arrays with every picture's error of every seed."),
            ("Hence", "They stand in the tables, but no paired difference is made."),
        ),
    )


def _chosen(field: Field) -> Card | None:
    many = [ranking for ranking in rankings(field) if ranking.ground.split == "test" and len(ranking.trained) > 2]
    if not many:
        return None
    return Card(
        tag="note",
        tone="note",
        title="chosen by test pictures",
        lines=(
            ("Seen", f"{len(many[0].trained)} trained arms are ranked by test pictures."),
            (
                "Cure",
                "The best of several looks better than it is. To choose settings, compare runs with --no-test,"
                " and run the chosen one alone on the test pictures.",
            ),
        ),
    )


def _machines(field: Field) -> Card | None:
    found = dict.fromkeys(_machine(entrant) for entrant in field.entrants)
    if len(found) < 2:
        return None
    seen = tuple(
        Sight(", ".join(each.name for each in field.entrants if _machine(each) == machine), f"{machine}.")
        for machine in found
    )
    return Card(
        "note",
        "note",
        "different hardware or precision",
        (("Hence", "Seconds are not comparable; figures may differ in their last digits."),),
        seen,
    )


def _machine(entrant: Entrant) -> str:
    environment = entrant.run.environment
    words = [str(environment.get(name) or "") for name in ("processor", "device", "precision")]
    words.append(f"{environment.get('threads', '?')} threads")
    return ", ".join(word for word in words if word)
