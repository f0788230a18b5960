"""What a picture's visible pixels tell without learning: the fills that an inpainting model has to beat."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrows.evaluation.baselines import no_code
from narrows.types import Images, Mask, Output

Fill = Callable[[NDArray[np.float64], NDArray[np.bool_]], NDArray[np.float64]]
"""A picture (height, width, channel) and its hidden pixels (height, width), some and not all, to the filled picture."""


@dataclass(frozen=True)
class MeanFill:
    """Hidden pixels from the mean picture."""

    picture: Tensor
    """(channel, height, width)"""

    def __call__(self, images: Images, hidden: Mask | None = None) -> Output:
        """The filled pictures; as they are where nothing is hidden."""
        filled = images if hidden is None else torch.where(hidden, self.picture, images)
        return Output(filled, no_code(images))


@dataclass(frozen=True)
class Interpolation:
    """Hidden pixels from the visible ones of the same picture; as they are where nothing, or everything, is hidden."""

    fill: Fill

    def __call__(self, images: Images, hidden: Mask | None = None) -> Output:
        """The filled pictures."""
        if hidden is None:
            return Output(images, no_code(images))
        filled = images.clone()
        for position, where in enumerate(hidden[:, 0].numpy()):
            if where.any() and not where.all():
                picture = images[position].permute(1, 2, 0).double().numpy()
                filled[position] = torch.from_numpy(self.fill(picture, where)).permute(2, 0, 1)
        return Output(filled, no_code(images))


def linear(picture: NDArray[np.float64], hidden: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Linear within Delaunay's triangles of visible pixels, the nearest visible pixel outside their hull (SciPy)."""
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
    from scipy.spatial import QhullError

    visible, wanted = np.argwhere(~hidden), np.argwhere(hidden)
    nearest = NearestNDInterpolator(visible, picture[~hidden])(wanted)
    try:
        values = LinearNDInterpolator(visible, picture[~hidden])(wanted)
    except QhullError:  # visible pixels that all lie on one line have no triangle
        values = nearest
    filled = picture.copy()
    filled[hidden] = np.where(np.isnan(values), nearest, values)
    return filled


def biharmonic(picture: NDArray[np.float64], hidden: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The smoothest surface through visible pixels, clipped to their range (Damelin and Hoang 2018; scikit-image)."""
    from skimage.restoration import inpaint_biharmonic

    filled: NDArray[np.float64] = inpaint_biharmonic(picture, hidden, channel_axis=-1)
    return filled
