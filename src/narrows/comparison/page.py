"""Several runs to one page."""

from collections.abc import Sequence

from narrows.comparison.curves import curves
from narrows.comparison.ground import Ground
from narrows.comparison.reading import Contender, Field
from narrows.comparison.tables import Place, figures, paired, settings
from narrows.comparison.verdict import answer, cautions, rankings, status
from narrows.report.building import numbered
from narrows.report.numbers import figure
from narrows.report.page import Facts, Gallery, Page, Prose, Section, Table
from narrows.report.raster import display_width
from narrows.report.sections.data import heads
from narrows.report.sections.opening import cards
from narrows.report.sections.shown import at, held_by_all, originals, reconstructed
from narrows.report.subject import MERITS
from narrows.results import Finding


def build_page(field: Field) -> Page:
    """Everything that a comparison has to show."""
    names = [entrant.name for entrant in field.entrants]
    questions = {str(entrant.run.experiment.get("question") or "") for entrant in field.entrants}
    found = (
        cautions(field),
        _asked(field),
        _figures(field),
        _paired(field),
        curves(field),
        _pictures(field),
        _findings(field),
        _runs(field),
    )
    return Page(
        title=f"{len(names)} runs compared",
        question=questions.pop() if len(questions) == 1 else "",
        answer=answer(field),
        status=status(field),
        byline=" · ".join(names),
        sections=numbered([section for section in found if section is not None]),
    )


def _asked(field: Field) -> Section:
    tables = settings(field)
    lead = "What the runs were asked, as far as it differs." if tables else "The runs were asked the same."
    return Section("settings", "Settings that differ", tuple(tables), lead=lead)


def _figures(field: Field) -> Section:
    """A table for each ground, then other splits and conditions of the same pictures behind folds."""
    lead = (
        "Metrics judge the raw output against the clean picture. ↓ lower is better, ↑ higher is better; the best of a"
        " column is bold and marked ◆."
    )
    blocks = [block for ground in field.grounds for block in _headed(field, ground)]
    return Section("figures", "Figures", (*blocks, *_elsewhere(field)), lead=lead)


def _headed(field: Field, ground: Ground) -> list[Prose | Table]:
    """A ground's table, under its name where there are several."""
    table = figures(field.on(ground), Place(ground.split))
    head = [Prose(f"{ground}:")] if len(field.grounds) > 1 else []
    return [*head, table] if table else []


def _elsewhere(field: Field) -> list[Table]:
    """Places beside the judged one where arms of two runs were measured; conditions give all arms the same input."""
    asked = [
        (field.on(ground), Place(split), f"{split}: {ground.subject}")
        for ground in field.grounds
        for split in ("validation", "train")
        if split != ground.split
    ]
    for pictures in dict.fromkeys(ground.pictures for ground in field.grounds):
        arms = tuple(each for each in field.contenders if each.ground.pictures == pictures)
        conditions = dict.fromkeys(
            key.condition
            for each in arms
            for key in each.entrants[0].subject.measures
            if (key.evaluation, key.split) == ("reconstruction", pictures.split) and key.condition
        )
        asked += [
            (arms, Place(pictures.split, condition), f"{condition}: {pictures.data_set}") for condition in conditions
        ]
    found = (figures(arms, place, fold=fold) for arms, place, fold in asked if _meet(arms, place))
    return [table for table in found if table is not None]


def _meet(contenders: Sequence[Contender], place: Place) -> bool:
    """Whether trained arms of at least two runs were measured there."""
    runs = {
        each.entrants[0].name
        for each in contenders
        if each.trained and any(each.measure(metric, condition=place.condition, split=place.split) for metric in MERITS)
    }
    return len(runs) > 1


def _paired(field: Field) -> Section:
    tables = [table for ranking in rankings(field) if (table := paired(ranking)) is not None]
    lead = (
        "Two arms on the same pictures: what one does worse on each, so that hard and easy pictures do not blur the"
        " difference."
        if tables
        else "No two arms have errors of the same pictures, so nothing is paired."
    )
    return Section("paired", "Differences on the same pictures", tuple(tables), lead=lead)


def _pictures(field: Field) -> Section | None:
    galleries = [
        gallery
        for number, ground in enumerate(field.grounds)
        if (gallery := _side_by_side(field.on(ground), f"side-by-side-{number}")) is not None
    ]
    return Section("pictures", "The same pictures", tuple(galleries)) if galleries else None


def _side_by_side(contenders: tuple[Contender, ...], name: str) -> Gallery | None:
    """Originals, and a row an arm; only baselines that are PCA are shown."""
    shown = [each for each in contenders if (each.trained or each.arm.is_pca) and "reconstruction" in each.kept]
    numbers = held_by_all([each.kept for each in shown])
    if len(shown) < 2 or not numbers:
        return None
    first = shown[0]
    means = {each.name: float(at(each.kept, "error", numbers).mean()) for each in shown}
    winner = min(means, key=lambda each: means[each])
    return Gallery(
        name=name,
        claim=f"On these {len(numbers)} pictures “{winner}” comes closest: {figure(means[winner], 3)} squared error a"
        " picture.",
        caption=f"Of {first.ground}; first seed, clipped to the visible range. Below each picture its squared error,"
        " of the raw output.",
        strips=(originals(first.kept, numbers), *(reconstructed(each.arm, each.kept, numbers) for each in shown)),
        width=display_width(first.kept["target"].shape[-1]),
        heads=heads(first.entrants[0].subject, first.kept, numbers),
    )


def _findings(field: Field) -> Section:
    """What the doctor found in each run; what it says of a baseline that several share stands once."""
    names = {(entrant, each.own_name): each for each in field.contenders for entrant in each.entrants}
    found: dict[Finding, None] = {}
    for entrant in field.entrants:
        for finding in entrant.run.findings:
            known = names.get((entrant, finding.arm))
            label = known.name if known else ": ".join(filter(None, (entrant.name, finding.arm)))
            found[finding._replace(arm=label)] = None
    if not found:
        return Section("findings", "Findings", (), lead="The doctor found nothing in any of the runs.")
    styles = {each.name: each.arm.style for each in field.contenders}
    lead = "What the doctor found in each run, the same in several arms told once."
    return Section("findings", "Findings", (cards(list(found), styles),), lead=lead)


def _runs(field: Field) -> Section:
    items = tuple(
        (entrant.name, str(entrant.run.environment.get("command") or entrant.run.experiment.get("title") or ""))
        for entrant in field.entrants
    )
    return Section("runs", "The runs", (Facts(items),), lead="The commands that made them.")
