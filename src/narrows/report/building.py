"""A run to a page: the parts in their order, the figures numbered."""

from collections.abc import Sequence
from dataclasses import replace

from narrows.report.page import Block, Gallery, Page, Plot, Section
from narrows.report.sections.bound import bound
from narrows.report.sections.classifiers import classifiers
from narrows.report.sections.closing import conclusions, reproduce
from narrows.report.sections.code_noise import code_noise
from narrows.report.sections.codes import codes
from narrows.report.sections.comparison import comparison
from narrows.report.sections.components import components
from narrows.report.sections.conditions import conditions
from narrows.report.sections.data import data_sheet
from narrows.report.sections.decoders import decoders
from narrows.report.sections.errors import spread
from narrows.report.sections.evaluated import evaluated
from narrows.report.sections.filters import filters
from narrows.report.sections.learning import learning
from narrows.report.sections.manifold import manifold
from narrows.report.sections.masks import under_masks
from narrows.report.sections.noise import under_noise
from narrows.report.sections.opening import findings, protocol
from narrows.report.sections.pictures import pictures
from narrows.report.sections.probe import probe
from narrows.report.sections.probed import probed
from narrows.report.sections.samples import samples
from narrows.report.sections.separation import separation
from narrows.report.sections.sizes import sizes
from narrows.report.sections.strangers import strangers
from narrows.report.sections.summary import answer
from narrows.report.sections.tables import results
from narrows.report.subject import read_subject
from narrows.results import Run

QUICK = "A quick run: it shows that everything works, and its figures mean nothing."

SECTIONS = (
    findings,
    data_sheet,
    protocol,
    comparison,
    results,
    separation,
    sizes,
    under_noise,
    under_masks,
    learning,
    pictures,
    spread,
    evaluated,
    probed,
    strangers,
    bound,
    samples,
    filters,
    decoders,
    codes,
    probe,
    classifiers,
    code_noise,
    manifold,
    components,
    conditions,
    conclusions,
    reproduce,
)


def build_page(run: Run) -> Page:
    """Everything that a run has to show."""
    subject = read_subject(run)
    found = [section for part in SECTIONS if (section := part(subject)) is not None]
    experiment, environment = run.experiment, run.environment
    name = str(experiment.get("name") or "")
    sources = ", ".join(str(source) for source in experiment.get("sources") or ())
    parts = (
        f"Experiment {name}" if name else "",
        f"after report{'s' if ',' in sources else ''} {sources}" if sources else "",
        str(environment.get("date") or "")[:10],
    )
    return Page(
        title=str(experiment.get("title") or name or "Run"),
        question=str(experiment.get("question") or ""),
        answer=answer(subject),
        status=_status(environment.get("quick"), finished=run.finished),
        byline=" · ".join(part for part in parts if part),
        sections=numbered(found),
    )


def _status(quick: object, *, finished: bool) -> tuple[str, ...]:
    said = []
    if quick is True:
        said.append(QUICK)
    if not finished:
        said.append("This run is not finished: what is missing below had not been measured when this was written.")
    return tuple(said)


def numbered(sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections with their figures numbered through."""
    number = 0
    found = []
    for section in sections:
        blocks: list[Block] = []
        for block in section.blocks:
            if isinstance(block, Plot | Gallery):
                number += 1
                blocks.append(replace(block, number=number))
            else:
                blocks.append(block)
        found.append(replace(section, blocks=tuple(blocks)))
    return tuple(found)
