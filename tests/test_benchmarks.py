"""The benchmarks in miniature: nothing here is timed; what is compared must be the same, and the page up to date."""

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from narrows.models import ARCHITECTURES

from .test_documents import DOCUMENTS, ROOT

DOCS, SCRIPTS = ROOT / "docs", ROOT / "benchmarks"
NOT_STEPPED = {"PCA", "PatchFeatures"}
WRAPPERS = {"Standardised", "Residual", "ParallelDecoders", "MixtureComplement"}
PLACE = {
    "processor": "some processor", "cores": 2, "threads": 2, "precision": "float32", "torch": "1", "pythae": "2",
    "autoencoders": "3", "onnxruntime": "4", "pillow": "5", "python": "6", "narrows": "7", "git": "abc",
    "date": "2000-01-01", "command": "make bench NAME=x", "seconds": 60.0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What measures and what writes stand beside each other, outside the package."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    monkeypatch.syspath_prepend(str(DOCS))


@pytest.fixture
def how(tmp_path: Path) -> Any:
    import turns

    return turns.How(quick=True, data_root=tmp_path / "nothing", scratch=tmp_path)


def test_the_page_is_up_to_date() -> None:
    import benchmarks
    import filling

    text = DOCUMENTS["docs/benchmarks.md"]
    assert filling.fill(text, benchmarks.blocks(benchmarks.read(DOCS / "benchmarks"))) == text


def test_make_measures_what_the_page_shows() -> None:
    import benchmarks

    (named,) = re.findall(r"^SUBJECTS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    recording = {path.stem for path in SCRIPTS.glob("*.py") if f'record("{path.stem}"' in path.read_text("utf-8")}
    assert named.split() == list(benchmarks.SUBJECTS)
    assert recording == set(benchmarks.SUBJECTS)


def test_a_quick_look_is_never_shown(tmp_path: Path) -> None:
    import benchmarks

    (tmp_path / "dense.json").write_text('{"quick": true}')
    with pytest.raises(ValueError, match="found a quick look at dense; measure it in full"):
        benchmarks.read(tmp_path)


def test_the_page_names_the_peers_that_are_installed_and_the_parts_that_there_are() -> None:
    text = DOCUMENTS["docs/benchmarks.md"]
    (peers,) = re.findall(r"^PEERS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted("==".join(link) for link in re.findall(r"pypi\.org/project/(\w+)/([\d.]+)/", text)) == sorted(
        peers.split()
    )
    parts = re.findall(r"^- \*\*.*\*\* \(`(\w+)`\)", text, re.MULTILINE)
    homes = [importlib.import_module(f"narrows.training.{name}") for name in ("fit", "optimize", "settings")]
    assert len(parts) == 4
    assert [part for part in parts if not any(hasattr(home, part) for home in homes)] == []


def test_without_the_official_files_random_pictures_are_trained_on(how: Any) -> None:
    import networks

    source, images = networks.pictures("mnist", networks.GREY, 3, how)
    assert source == "random pictures"
    assert images.shape == (3, 1, 28, 28)


def test_float32_stands_beside_bfloat16_where_a_processor_has_units_for_it(
    how: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import networks
    import trainers

    task = trainers.Task(networks.DENSE, networks.GREY, networks.random_pictures(networks.GREY, 1), 1, how.scratch)
    for units in (False, True):
        monkeypatch.setattr(trainers, "has_bfloat16_units", lambda units=units: units)
        assert ("Narrows in float32" in trainers.ways(task)) == units


def test_what_computes_something_else_is_not_timed(how: Any) -> None:
    import applying

    ways = {"PyTorch": lambda: np.zeros(3, np.float32), "Narrows": lambda: np.full(3, 0.01, np.float32)}
    with pytest.raises(ValueError, match=r"expected Narrows to compute what PyTorch does, found a difference of 0\.01"):
        applying.compared(ways, 3, how)


def test_attention_s_products_on_a_processor_are_not_counted() -> None:
    tokens = torch.zeros(1, 2, 8, 4)
    with FlopCounterMode(display=False) as counter:
        torch.nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)
    assert counter.get_total_flops() == 0  # where it is not, docs/benchmarks.md no longer needs to say so


@pytest.mark.parametrize("name", ["DENSE", "CONVOLUTIONAL"])
def test_peers_are_given_the_network_that_narrows_trains(name: str) -> None:
    import networks

    shape = networks.GREY if name == "DENSE" else networks.COLOUR
    model = networks.build(getattr(networks, name), shape, seed=1).eval()
    layers = networks.plain(model)
    images = torch.from_numpy(networks.random_pictures(shape, 3)) / 255
    assert torch.allclose(layers.decoder(layers.encoder(images)), model(images).reconstruction, atol=1e-6)
    assert sum(part.numel() for part in (*layers.encoder.parameters(), *layers.decoder.parameters())) == sum(
        parameter.numel() for parameter in model.parameters()
    )


def test_a_notebook_s_loop_learns_what_narrows_learns(how: Any) -> None:
    import networks
    import trainers

    images = np.repeat(networks.random_pictures(networks.GREY, 4), 64, axis=0)
    task = trainers.Task(networks.DENSE, networks.GREY, images, 5, how.scratch)
    own, other = trainers.by_narrows(task, 0, "float32"), trainers.by_notebook(task, 0)
    assert own["mse"] == pytest.approx(other["mse"], rel=1e-3)  # one batch an epoch, so the same steps


def test_every_way_takes_its_turn_in_every_round() -> None:
    import turns

    called: list[tuple[str, int]] = []

    def way(name: str) -> Any:
        def turn(number: int) -> dict[str, float]:
            called.append((name, number))
            return {"figure": float(number)}

        return turn

    found = turns.in_turns({"a": way("a"), "b": way("b")}, 2)
    assert called == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert found == {"a": {"figure": [0.0, 1.0]}, "b": {"figure": [0.0, 1.0]}}


def test_the_share_is_measured_of_every_network_that_steps(how: Any) -> None:
    import share

    assert {type(case.architecture).__name__ for case in share.CASES} == set(ARCHITECTURES) - NOT_STEPPED - WRAPPERS
    found = share.measure_case(share.CASES[0], torch.float32, how)
    # the first layer has no gradient to hand on: a product less than three of each weight
    weights = [784 * 512, 512 * 256, 256 * 128, 128 * 30, 30 * 128, 128 * 256, 256 * 784]
    assert found["operations"] == 2 * 256 * (3 * sum(weights) - weights[0])
    assert sum(found["parts"].values()) == pytest.approx(1)


def test_pillow_and_narrows_read_the_same_files(how: Any) -> None:
    import decoding

    from narrows.data import read_folder

    decoding.write_pictures(how.scratch / "pictures", 2)
    decoding.decode(how.scratch / "pictures")
    found = read_folder(how.scratch / "pictures", cache=how.scratch / "cache")
    for name, planes in zip(found.files, found.pictures.images, strict=True):
        with Image.open(how.scratch / "pictures" / name) as image:
            assert np.array_equal(planes, np.asarray(image).transpose(2, 0, 1))


def test_peak_memory_is_watched_while_training(how: Any) -> None:
    import memory

    if not memory.STATUS.is_file():
        pytest.skip("only Linux says which memory is no file's")
    memory.write_pictures(how.scratch / "pictures.npy", 300)
    before, peak = memory.watch_training(how.scratch / "pictures.npy")
    assert 0 < before <= peak


def test_a_dataloader_s_batches_train_in_the_same_loop() -> None:
    import networks
    import speedups

    told: list[Any] = []
    bench = speedups.Bench(networks.DENSE, 1)
    for train in (speedups.loaded, speedups.unfused):
        train(bench, told.append)
    assert [progress.step for progress in told] == [1, 2, 1, 2]


def test_a_run_is_timed_up_to_its_first_step(how: Any) -> None:
    import start

    folder = how.scratch / "run"
    start.answer(start.first_step(folder))
    assert (folder / "experiment.json").is_file()
    saved = [path.parent.name for path in folder.rglob("model.safetensors")]
    assert saved == ["pca-code-8-0"]  # which takes no steps, and comes first


def rounds(*names: str, **figures: list[float]) -> dict[str, dict[str, list[float]]]:
    return {name: {key: [value * place for value in values] for key, values in figures.items()}
            for place, name in enumerate(names, start=1)}  # fmt: skip


MEASURED: dict[str, dict[str, Any]] = {
    "dense": {
        "data": "mnist", "pictures": 9, "epochs": 2,
        "rounds": rounds("Narrows", "pythae", "notebook", seconds=[1.0, 2.0], mse=[0.5, 0.5]),
    },
    "share": {
        "precision": "float32", "side": 2048,
        "cases": [{
            "name": "dense", "batch_size": 256, "operations": 10**9, "parts": {"optimiser": 0.25},
            "rounds": {"training": {"seconds": [0.1]}, "matrix product": {"rate": [4e10]}},
        }],
    },
    "applying": {
        "encode, dense": {"pictures": 3, "at_once": 500, "rounds": rounds("PyTorch", "Narrows", rate=[100.0])},
    },
    "decoding": {"pictures": 3, "side": 512, "threads": 2, "rounds": rounds("Pillow", "Narrows", rate=[100.0])},
    "memory": {
        "file_bytes": 4e9, "megabytes_before": 300.0, "megabytes_peak": 600.0,
        "rounds": rounds("10000", "1000000", microseconds=[20.0]),
    },
    "start": {"rounds": rounds(
        "narrows --help", "narrows list", "narrows run, to the first step", "narrows report", seconds=[0.1]
    )},
    "speedups": {"fused Adam": rounds("with", "without", first=[1.0], seconds=[0.002])},
}  # fmt: skip
SHOWN = {
    "dense": ["| pythae | 3 (2 to 4) | 2 (2 to 2) | 3 | 1 ± 0 |", "| Narrows | 1.5 (1 to 2) |  |  | 0.5 ± 0 |"],
    "share": ["| dense | 256 | 1 | 100 | 10 | 25 % | 35 % | 25 % |"],
    "applying": ["| encode, dense | Narrows | 500 | 200 (200 to 200) | 2 (2 to 2) |"],
    "decoding": ["| Narrows | 200 (200 to 200) | 2 (2 to 2) | 0.9 |"],
    "memory": ["| 1,000,000 | 40 (40 to 40) |"],
    "start": ["| narrows list | 0.2 (0.2 to 0.2) | 0.5 |"],
    "speedups": ["| fused Adam | 2 (2 to 2) | 4 (4 to 4) | 2 (2 to 2) | 1 (1 to 1) | 2 (2 to 2) |"],
}


@pytest.mark.parametrize("subject", SHOWN)
def test_the_page_shows_medians_spreads_and_ratios(subject: str) -> None:
    import benchmarks

    found = benchmarks.blocks({subject: {"environment": PLACE, "measured": MEASURED[subject]}})
    assert [row for row in SHOWN[subject] if row not in found[subject]] == []
    assert "some processor, 2 cores, 2 threads; precision: float32." in found[subject]
    tables = [line for line in found[subject] if line.startswith("|")]
    assert len({line.count("|") for line in tables}) == 1
    other = next(name for name in benchmarks.SUBJECTS if name != subject)
    assert found[other] == [f"Not measured yet: `make bench NAME={other}`."]
