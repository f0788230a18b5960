"""Sums over a split, from which its figures, maps and the facts for the doctor come."""

import math
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from narrows.metrics import PER_IMAGE, SquaredSums, explained_variance, mean_metric, mse, psnr, squared_sums
from narrows.types import Batch, Output


class Figure(NamedTuple):
    """One measured number; n is how many pictures it is a mean over."""

    evaluation: str
    condition: str
    metric: str
    value: float
    n: int


class Tally:
    """Sums over a split from which figures and maps come; pictures pass through once, in batches."""

    def __init__(self, mean_picture: Tensor | None, source_names: tuple[str, ...] = ()) -> None:
        self.mean_picture = mean_picture
        self.source_names = source_names
        self.per_image: dict[tuple[str, str, str], list[Tensor]] = {}
        """By evaluation, what its condition says beside the caller's, and metric."""
        self.squared: list[SquaredSums] = []
        self.outputs, self.targets, self.codes = Moments(), Moments(), Moments()
        self.active: list[Tensor] = []
        self.error_map: Tensor | float = 0.0
        self.lowest, self.highest = math.inf, -math.inf
        self.bypass_numbers = 0

    def add(self, batch: Batch, output: Output) -> Tensor:
        """One batch and what the model made of it; returns each picture's squared error."""
        target, raw = batch.target, output.reconstruction
        self._note_metrics("", raw, target)
        for place, name in enumerate(self.source_names):
            self._note_metrics(f"source={name}", raw[:, place], target[:, place])
        if self.source_names:
            self._note("checks", "", "mixture_distance", mse(raw.mean(1), batch.input))
        if batch.hidden is not None:
            for pixels, where in (("hidden", batch.hidden), ("visible", ~batch.hidden)):
                self._note("reconstruction", f"pixels={pixels}", "mse", mse(raw, target, where=where))
                self._note("reconstruction", f"pixels={pixels}", "psnr", psnr(raw, target, where=where))
        if batch.input.shape == target.shape:
            self._note("checks", "", "input_distance", mse(raw, batch.input))
            if batch.input is not target:
                self._note("checks", "", "input_psnr", psnr(batch.input, target))
        if self.mean_picture is not None:
            self.squared.append(squared_sums(raw, target, self.mean_picture))
        self.outputs.add(raw)
        self.targets.add(target)
        self.codes.add(output.latent.code)
        self.active.append((output.latent.code != 0).sum(1))
        self.error_map = self.error_map + (raw - target).square().double().sum(0)
        self.lowest = min(self.lowest, batch.input.min().item())
        self.highest = max(self.highest, batch.input.max().item())
        self.bypass_numbers = sum(tensor[0].numel() for tensor in output.latent.bypass)
        return self.per_image["reconstruction", "", "squared_error"][-1]

    def _note_metrics(self, condition: str, raw: Tensor, target: Tensor) -> None:
        for evaluation, reconstruction in (("reconstruction", raw), ("clamped", raw.clamp(0, 1))):
            for metric, measure in PER_IMAGE.items():
                self._note(evaluation, condition, metric, measure(reconstruction, target))

    def _note(self, evaluation: str, condition: str, metric: str, values: Tensor) -> None:
        self.per_image.setdefault((evaluation, condition, metric), []).append(values)

    def figures(self, condition: str) -> list[Figure]:
        """Every figure of the split."""
        found = []
        count = self.targets.count
        for (name, part, metric), parts in self.per_image.items():
            values = torch.cat(parts)
            where = " ".join(filter(None, (condition, part)))
            mean, judged = mean_metric(metric, values)
            if judged:
                found.append(Figure(name, where, metric, mean, judged))
            if metric == "psnr":
                found.append(Figure(name, where, "perfect_pictures", count - judged, count))
        if self.squared:
            explained = explained_variance(self.squared)
            found.append(Figure("reconstruction", condition, "explained_variance", explained, count))
        found += [Figure("checks", condition, name, value, count) for name, value in self._checks().items()]
        return [figure for figure in found if not math.isnan(figure.value)]

    def _checks(self) -> dict[str, float]:
        spread = self.targets.variance().sum().item()
        moving = self.targets.range() > 0
        facts = {
            "input_minimum": self.lowest,
            "input_maximum": self.highest,
            "code_numbers": self.codes.number_count,
            "bypass_numbers": self.bypass_numbers,
            "output_variation": self.outputs.variance().sum().item() / spread if spread else math.nan,
            "black_pixels": share(self.outputs.range()[moving] == 0),
        }
        if self.codes.number_count:
            facts["active_units"] = torch.cat(self.active).double().mean().item()
            facts["dead_units"] = share(self.codes.range() == 0)
        return facts

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Error map (channel, height, width) and each picture's squared error."""
        assert isinstance(self.error_map, Tensor)
        return {
            "error_map": (self.error_map / self.targets.count).float().numpy(),
            "per_picture": torch.cat(self.per_image["reconstruction", "", "squared_error"]).numpy(),
        }


class Moments:
    """Mean, variance and range of every number over a split, without keeping the pictures."""

    def __init__(self) -> None:
        self.count = 0
        self.number_count = 0
        self.total: Tensor | float = 0.0
        self.squares: Tensor | float = 0.0
        self.low: Tensor | None = None
        self.high: Tensor | None = None

    def add(self, numbers: Tensor) -> None:
        """A batch (picture, ...)."""
        self.count += len(numbers)
        self.number_count = numbers[0].numel()
        self.total = self.total + numbers.double().sum(0)
        self.squares = self.squares + numbers.double().square().sum(0)
        low, high = numbers.amin(0), numbers.amax(0)
        self.low = low if self.low is None else torch.minimum(self.low, low)
        self.high = high if self.high is None else torch.maximum(self.high, high)

    def variance(self) -> Tensor:
        """Of every number over the pictures; float64, which survives the subtraction for values around 1."""
        mean = torch.as_tensor(self.total) / self.count
        return (torch.as_tensor(self.squares) / self.count - mean.square()).clamp(min=0)

    def range(self) -> Tensor:
        """Highest minus lowest value of every number."""
        assert self.high is not None
        assert self.low is not None
        return self.high - self.low


def share(marked: Tensor) -> float:
    """Share of marked numbers; 0 of none."""
    return marked.double().mean().item() if marked.numel() else 0.0
