"""Orders exchangeable sources: which reconstructed source stands for which target."""

from itertools import permutations

import torch

from narrows.types import Sources

MAX_SOURCES = 4
"""All orders are compared, and 5 sources already have 120."""


def match(reconstruction: Sources, target: Sources) -> Sources:
    """The reconstruction's sources in the order, picture by picture, that has the least squared error to the target.

    Two sources of one data set cannot be told apart by their mixture, so a loss, a metric or a figure that took them in
    the order of the decoders would count a perfect separation as wrong (Yu et al. 2017). The order is
    chosen without gradient and the values keep theirs; between equal orders the given one wins.

    Raises:
        ValueError: the shapes differ, are not those of sources, or have more than 4 sources.
    """
    if reconstruction.shape != target.shape or reconstruction.ndim != 5:
        raise ValueError(
            "expected reconstruction and target of one shape (batch, source, channel, height, width), "
            f"found {tuple(reconstruction.shape)} and {tuple(target.shape)}; only sources are exchangeable"
        )
    pictures, sources = reconstruction.shape[:2]
    if sources > MAX_SOURCES:
        raise ValueError(
            f"expected at most {MAX_SOURCES} exchangeable sources, found {sources}; "
            "separate fewer at once, or keep their order with exchangeable=False"
        )
    orders = torch.tensor(list(permutations(range(sources))), device=target.device)
    with torch.no_grad():
        # error[b, i, j]: reconstructed source i against target j, one target at a time to keep memory at one copy.
        error = torch.stack(
            [(reconstruction - target[:, j : j + 1]).square().flatten(2).mean(2) for j in range(sources)], dim=2
        )
        of_order = error[:, orders, torch.arange(sources, device=target.device)].sum(2)
        best = orders[of_order.argmin(1)]
    return reconstruction[torch.arange(pictures, device=target.device)[:, None], best]
