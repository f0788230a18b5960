"""The objective: one reconstruction loss and any penalties, added up."""

from dataclasses import dataclass

import torch

from narrows.objective.match import match
from narrows.objective.reconstruction import RECONSTRUCTION_LOSSES, Reduction, normalise_patches, weighted_error
from narrows.types import Batch, Losses, Output, Penalty


@dataclass(frozen=True)
class Objective:
    """Judges an output against its batch: weighted reconstruction error plus the penalties of its latent.

    The scale decides what a penalty's weight means. With reduction "mean" the error is a mean over all numbers of the
    target, whatever the picture's size; penalties are sums over the code, so their weights are small (a weight w here
    is w x numbers in a picture there). With "sum" it is a sum over each picture's numbers, mean over pictures: a
    variational objective in nats needs it, `Objective("bce", (KLToPrior(1.0),), reduction="sum")` being the negative
    bound for Bernoulli pixels. "mse" summed is a Gaussian's negative log-likelihood at variance 1/2, constant left out.
    Totals of different objectives are not comparable; their reconstruction terms are, under one loss and reduction.

    Raises:
        ValueError: a name is unknown or two penalties share one, or patches are normalised that are a single pixel or
            meant for bce; when called, reconstruction and target differ in shape, sources are not as many as their
            names, or a part refuses its input.
    """

    reconstruction: str = "mse"
    """Name of a reconstruction loss: mse, mae or bce."""
    penalties: tuple[Penalty, ...] = ()
    exchangeable: bool = False
    """Whether sources may come back in any order, picture by picture."""
    reduction: Reduction = "mean"
    """Over the numbers of a picture: mean or sum."""
    normalised_patches: int | None = None
    """Pixels along a patch's side: the target of mse or mae is brought to mean 0 and variance 1 within every patch
    first (see `normalise_patches`), so that a masked model learns shapes rather than brightness. What it then predicts
    is no picture: for codes only. None leaves the target as it is."""
    source_names: tuple[str, ...] = ()
    """One reconstruction term a source, under its name, in place of one over all: the total is then their sum."""

    def __post_init__(self) -> None:
        if self.reconstruction not in RECONSTRUCTION_LOSSES:
            raise ValueError(
                f"expected a reconstruction loss among {', '.join(RECONSTRUCTION_LOSSES)}, "
                f"found {self.reconstruction!r}; choose one of them"
            )
        if self.reduction not in ("mean", "sum"):
            raise ValueError(f"expected reduction to be 'mean' or 'sum', found {self.reduction!r}; choose one of them")
        if self.normalised_patches is not None and self.normalised_patches < 2:
            raise ValueError(
                f"expected normalised_patches of at least 2 pixels a side, found {self.normalised_patches}; "
                "take the model's patch_size"
            )
        if self.normalised_patches is not None and self.reconstruction == "bce":
            raise ValueError(
                "expected reconstruction 'mse' or 'mae' with normalised_patches, found 'bce', whose target is a "
                "probability; choose one of them"
            )
        names = [penalty.name for penalty in self.penalties]
        if len(set(names)) < len(names):
            raise ValueError(f"expected penalties of different names, found {', '.join(names)}; add their weights up")

    @property
    def reconstruction_term(self) -> str:
        """Name of the reconstruction's term: mse, mae or bce where it is a mean, "mse sum" and so on where a sum.

        "normalised mse" and so on where patches are normalised, which is an error in other units.
        """
        name = self.reconstruction if self.normalised_patches is None else f"normalised {self.reconstruction}"
        return name if self.reduction == "mean" else f"{name} sum"

    def __call__(self, output: Output, batch: Batch) -> Losses:
        """The total and its weighted terms: the reconstruction's and one a penalty, under the penalty's name."""
        # Autocast hands over bfloat16, which rounds a pixel to 8 bits: differences are taken in float32.
        reconstruction, target = output.reconstruction.float(), batch.target.float()
        if self.normalised_patches is not None:
            target = normalise_patches(target, self.normalised_patches)
        if self.exchangeable:
            reconstruction = match(reconstruction, target)
        errors = RECONSTRUCTION_LOSSES[self.reconstruction](reconstruction, target)
        if self.source_names:
            if errors.ndim != 5 or errors.shape[1] != len(self.source_names):
                raise ValueError(
                    f"expected {len(self.source_names)} sources on axis 1, one a name, found {tuple(errors.shape)}; "
                    "name every source of the data, or none"
                )
            weight = batch.weight.expand_as(errors)
            terms = {
                f"{self.reconstruction_term} {name}": weighted_error(errors[:, i], weight[:, i], self.reduction)
                for i, name in enumerate(self.source_names)
            }
        else:
            terms = {self.reconstruction_term: weighted_error(errors, batch.weight, self.reduction)}
        terms |= {penalty.name: penalty(output.latent) for penalty in self.penalties}
        return Losses(torch.stack(list(terms.values())).sum(), terms)
