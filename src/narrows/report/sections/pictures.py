"""Pictures side by side, where their errors lie, and the worst of them."""

from collections.abc import Mapping

from narrows.report.arms import Arm
from narrows.report.numbers import figure
from narrows.report.page import Gallery, Picture, Section, Strip
from narrows.report.raster import display_width, heat, mosaic, photograph
from narrows.report.scales import heat_scale, shared_top
from narrows.report.sections.data import heads
from narrows.report.sections.differences import every_difference
from narrows.report.sections.shown import at, originals, reconstructed, shown_arms, shown_numbers
from narrows.report.subject import Arrays, Subject


def pictures(subject: Subject) -> Section | None:
    """Reconstructions beside their targets, what they differ by, and maps of the error."""
    found = (_side_by_side(subject), every_difference(subject), _error_maps(subject))
    blocks = tuple(block for block in found if block is not None)
    return Section("pictures", "Pictures", blocks) if blocks else None


def worst(subject: Subject) -> Gallery | None:
    """The worst pictures of every arm: target above, reconstruction below, its error underneath."""
    found = [arm for arm in subject.pictured if "worst_target" in subject.reconstructions[arm.name]]
    if not found:
        return None
    strips = tuple(_worst_strip(arm, subject.reconstructions[arm.name]) for arm in found)
    numbers = [set(subject.reconstructions[arm.name]["worst_index"].tolist()) for arm in found]
    shared = len(set.intersection(*numbers))
    return Gallery(
        name="worst-pictures",
        claim=f"{'No picture is' if not shared else str(shared) + (' picture is' if shared == 1 else ' pictures are')}"
        " among the worst of every arm."
        if len(found) > 1
        else "The pictures it does worst on.",
        caption="The pictures with the largest squared error, first seed: target above, reconstruction below, then the"
        " picture's number and its squared error.",
        strips=strips,
        width=display_width(subject.reconstructions[found[0].name]["worst_target"].shape[-1]),
    )


def _side_by_side(subject: Subject) -> Gallery | None:
    arms = shown_arms(subject)
    numbers = shown_numbers(subject, arms)
    if not numbers:
        return None
    found = {arm: subject.reconstructions[arm.name] for arm in arms}
    first = found[arms[0]]
    means = {arm.name: float(at(arrays, "error", numbers).mean()) for arm, arrays in found.items()}
    winner = min(means, key=lambda name: means[name])
    return Gallery(
        name="side-by-side",
        claim=_span(means, "squared error a picture")
        if subject.mixed
        else f"On these {len(numbers)} pictures “{winner}” comes closest: {figure(means[winner], 3)} squared error a"
        " picture.",
        caption="First seed, clipped to the visible range. Below each picture its squared error, of the raw output."
        + subject.caveat,
        strips=(originals(first, numbers), *(reconstructed(arm, arrays, numbers) for arm, arrays in found.items())),
        width=display_width(first["target"].shape[-1]),
        heads=heads(subject, first, numbers),
    )


def _error_maps(subject: Subject) -> Gallery | None:
    maps = {
        arm: found["error_map"].reshape(-1, *found["error_map"].shape[-2:])
        for arm in subject.pictured
        if "error_map" in (found := subject.reconstructions[arm.name])
    }
    if not maps:
        return None
    top = shared_top([found.mean(0) for found in maps.values()])
    means = {arm.name: float(found.mean()) for arm, found in maps.items()}
    winner = min(means, key=lambda name: means[name])
    shown = tuple(
        Picture(
            heat(found, top.value),
            f"error map of {arm.name}, mean {figure(means[arm.name], 3)}",
            f"{arm.name}\nmean {figure(means[arm.name], 3)}",
            coded=True,
        )
        for arm, found in maps.items()
    )
    return Gallery(
        name="error-maps",
        claim=_span(means, "squared error a pixel")
        if subject.mixed
        else f"“{winner}” leaves the least, {figure(means[winner], 3)} a pixel.",
        caption=f"Squared error of every pixel, mean over the {subject.split} split and over channels, first seed."
        f" {top.sentence}{subject.caveat}",
        strips=(Strip("", shown),),
        width=display_width(next(iter(maps.values())).shape[-1], smallest=120),
        scale=heat_scale(top),
        flow=True,
    )


def _span(means: Mapping[str, float], unit: str) -> str:
    """From which error to which, where arms have inputs of their own and none can be called the best."""
    low, high = (choose(means, key=lambda name: means[name]) for choose in (min, max))
    return f"On inputs of their own, arms leave {figure(means[low], 3)} (“{low}”) to {figure(means[high], 3)} {unit}."


def _worst_strip(arm: Arm, arrays: Arrays) -> Strip:
    pairs = zip(arrays["worst_index"].tolist(), arrays["worst_target"], arrays["worst_reconstruction"], strict=True)
    shown = []
    for number, target, reconstruction in pairs:
        error = f"{figure(float(arrays['per_picture'][number]), 3)}" if "per_picture" in arrays else ""
        shown.append(
            Picture(
                mosaic([photograph(target), photograph(reconstruction)], columns=1),
                f"picture {number} above, its reconstruction by {arm.name} below, squared error {error}",
                f"no. {number}\n{error}".strip(),
            )
        )
    return Strip(arm.name, tuple(shown), arm.style)
