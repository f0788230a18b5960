"""Penalties: what a latent pays beside the reconstruction error.

Every penalty is a sum over the numbers of a code and a mean over the batch, times its weight. Codes may arrive in
bfloat16 from autocast, whose 8 bits lose the small terms of a sum: each is cast to float32 first.
"""

import math
from dataclasses import dataclass

import torch

from narrows.types import Latent, Penalty, Scalar


@dataclass(frozen=True)
class L1:
    """weight x sum of the absolute values of the code, mean over the batch: most units come to rest near 0.

    A decoder that grows while the code shrinks cheats it, so judge it by active units and error, not by loss alone.

    Raises:
        ValueError: `weight` is negative or infinite.
    """

    weight: float

    def __post_init__(self) -> None:
        _check_weight(self.weight)

    @property
    def name(self) -> str:
        """The term's name in losses and history."""
        return "L1"

    def __call__(self, latent: Latent) -> Scalar:
        """The weighted penalty; its gradient at 0 is 0."""
        return self.weight * latent.code.float().abs().sum(1).mean()


@dataclass(frozen=True)
class KLSparsity:
    """weight x sum over units of KL(Bernoulli(rho) || Bernoulli(mean activation over the batch)) (Ng 2011, section 3).

    KL(rho || m) = rho log(rho / m) + (1 - rho) log((1 - rho) / (1 - m)), in nats: each unit is active rho of the time.
    The mean is over the batch at hand, so batches of some hundred pictures are wanted.

    Raises:
        ValueError: `rho` is not between 0 and 1, or `weight` is negative or infinite; when called, an activation lies
            outside [0, 1].
    """

    rho: float
    """The mean activation that a unit should have."""
    weight: float

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if not 0 < self.rho < 1:
            raise ValueError(f"expected rho between 0 and 1, both left out, found {self.rho}; 0.05 is usual")

    @property
    def name(self) -> str:
        """The term's name in losses and history."""
        return "KLSparsity"

    def __call__(self, latent: Latent) -> Scalar:
        """The weighted penalty of activations in [0, 1]; 0 where every unit's mean is rho."""
        activation = latent.code.float()
        if ((activation < 0) | (activation > 1)).any():
            low, high = torch.aminmax(activation)
            raise ValueError(
                f"KLSparsity expects activations in [0, 1], found {low:.4g} to {high:.4g}; give the code a sigmoid"
            )
        # Kept off 0 and 1 by float32's spacing at 1: a unit that never or always fires costs much, but not infinity.
        closest = torch.finfo(torch.float32).eps
        mean = activation.mean(0).clamp(closest, 1 - closest)
        on, off = self.rho, 1 - self.rho
        return self.weight * (on * (on / mean).log() + off * (off / (1 - mean)).log()).sum()


@dataclass(frozen=True)
class KLToPrior:
    """weight x KL(N(mean, variance) || N(0, 1)), sum over the code, mean over the batch, in nats.

    KL = 1/2 (mean^2 + variance - 1 - log variance) a number (Kingma and Welling 2014, appendix B). Beside a summed
    log-likelihood, weight 1 is the variational bound and any other is beta (Higgins et al. 2017, equation 4).

    Raises:
        ValueError: `weight` is negative or infinite; when called, the latent is not Gaussian.
    """

    weight: float

    def __post_init__(self) -> None:
        _check_weight(self.weight)

    @property
    def name(self) -> str:
        """The term's name in losses and history."""
        return "KLToPrior"

    def __call__(self, latent: Latent) -> Scalar:
        """The weighted penalty; 0 where every code is the prior's own."""
        if latent.mean is None or latent.log_variance is None:
            raise ValueError(
                "KLToPrior expects a latent with mean and log_variance, found a code without; "
                "use the Gaussian bottleneck, or penalise this code with L1"
            )
        mean, log_variance = latent.mean.float(), latent.log_variance.float()
        # expm1: near the prior, variance - 1 - log variance is a difference of nearly equal numbers.
        kl = 0.5 * (mean.square() + log_variance.expm1() - log_variance)
        return self.weight * kl.sum(1).mean()


PENALTIES: dict[str, type[Penalty]] = {"L1": L1, "KLSparsity": KLSparsity, "KLToPrior": KLToPrior}
"""Every penalty by name: what a description on disk may name."""


def _check_weight(weight: float) -> None:
    if not 0 <= weight < math.inf:
        raise ValueError(f"expected a finite weight of at least 0, found {weight}; 0 switches the penalty off")
