"""One model under several strengths of noise, whatever it was trained on."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from narrows.corruption import GaussianNoise
from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.chosen import present
from narrows.evaluation.reconstruction import Evaluation, Model, evaluate
from narrows.evaluation.tally import Figure

NUM_SHOWN = 5


@dataclass(frozen=True)
class UnderNoise:
    """Metrics under Gaussian noise of each strength, against the clean pictures; the noise is the same for all models.

    Raises:
        ValueError: a strength that GaussianNoise refuses.
    """

    levels: tuple[float, ...]
    """Standard deviations, where pictures span [0, 1]."""
    clip: bool = False
    """Whether the noisy input is clamped to [0, 1]."""
    examples: tuple[int, ...] = tuple(range(NUM_SHOWN))
    """Positions of the pictures that are shown."""
    name: ClassVar[str] = "under_noise"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for level in self.levels:
            GaussianNoise(level, self.clip)

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:  # noqa: ARG002
        """Figures with a condition noise=SIGMA; arrays (strength, picture, ...) of input and reconstruction."""
        figures: list[Figure] = []
        shown: list[dict[str, NDArray[Any]]] = []
        for level in self.levels:
            noise = GaussianNoise(level, self.clip)
            found = evaluate(
                model,
                pictures,
                corruption=noise,
                examples=present(self.examples, pictures).tolist(),
                condition=f"noise={level}",
            )
            figures += found.figures
            shown.append(found.arrays)
        return Evaluation(
            figures,
            {
                "levels": np.array(self.levels),
                "index": shown[0]["index"],
                "target": shown[0]["target"],
                "input": np.stack([arrays["input"] for arrays in shown]),
                "reconstruction": np.stack([arrays["reconstruction"] for arrays in shown]),
                "error": np.stack([arrays["error"] for arrays in shown]),
            },
        )
