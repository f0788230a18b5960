"""One model with several shares of the picture hidden, as single pixels and as patches, whatever it was trained on."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from narrows.corruption import PatchMask, PixelMask
from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.chosen import present
from narrows.evaluation.reconstruction import Evaluation, Model, evaluate
from narrows.evaluation.tally import Figure
from narrows.types import Corruption


@dataclass(frozen=True)
class UnderMasks:
    """Metrics with each share of the pixels, then of the patches, hidden; the masks are the same for all models.

    Raises:
        ValueError: a ratio or a patch size that the masks refuse.
    """

    ratios: tuple[float, ...]
    """Shares of the pixels, or patches, to hide."""
    patch_size: int | None = None
    """Pixels along the side of the patches that are hidden as well; None hides single pixels alone."""
    examples: tuple[int, ...] = tuple(range(5))
    """Positions of the pictures that are shown."""
    name: ClassVar[str] = "under_masks"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        self.tasks()

    def tasks(self) -> dict[str, Corruption]:
        """The masks by the condition that says what they hide."""
        found: dict[str, Corruption] = {f"hidden={ratio}": PixelMask(ratio) for ratio in self.ratios}
        if self.patch_size is not None:
            patches = {f"hidden={ratio} patch={self.patch_size}": ratio for ratio in self.ratios}
            found |= {condition: PatchMask(ratio, self.patch_size) for condition, ratio in patches.items()}
        return found

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:  # noqa: ARG002
        """Figures with a condition hidden=RATIO, or hidden=RATIO patch=SIDE, of all, hidden and visible pixels.

        Returns:
            Figures, and the arrays `conditions` (task,) and, of the pictures that are shown, (task, picture, ...)
            `input`, `reconstruction`, `hidden` and the squared `error`, and (picture, ...) `target`.
        """
        figures: list[Figure] = []
        shown: list[dict[str, NDArray[Any]]] = []
        tasks = self.tasks()
        examples = present(self.examples, pictures).tolist()
        for condition, mask in tasks.items():
            found = evaluate(model, pictures, corruption=mask, examples=examples, condition=condition)
            figures += found.figures
            shown.append(found.arrays)
        arrays = {
            name: np.stack([one[name] for one in shown]) for name in ("input", "reconstruction", "hidden", "error")
        }
        return Evaluation(
            figures,
            {"conditions": np.array(list(tasks)), "index": shown[0]["index"], "target": shown[0]["target"], **arrays},
        )
