"""Dense networks: decoder columns of length 1, where their encoder starts, and codes that are corrected."""

import pytest
import torch

from narrows.models import Dense, ParallelDecoders, ResidualDense
from narrows.objective import L1, Objective
from narrows.types import Batch


def test_unit_columns_stay_at_length_1_and_the_encoder_starts_as_their_transpose() -> None:
    model = Dense((), 6, unit_columns=True).build((1, 4, 4))
    atoms = model.decoder.get_submodule("layers.0").weight
    assert isinstance(atoms, torch.Tensor)
    torch.testing.assert_close(atoms.norm(dim=0), torch.ones(6))
    torch.testing.assert_close(model.get_parameter("project.weight"), atoms.T)


def test_unit_columns_survive_training_and_the_encoder_is_free_of_them() -> None:
    torch.manual_seed(0)
    model = Dense((), 6, unit_columns=True).build((1, 4, 4))
    images = torch.rand(8, 1, 4, 4)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        Objective(penalties=(L1(0.1),))(model(images), Batch(images, images, torch.ones(()), None)).total.backward()
        optimizer.step()
    atoms = model.decoder.get_submodule("layers.0").weight
    assert isinstance(atoms, torch.Tensor)
    torch.testing.assert_close(atoms.norm(dim=0), torch.ones(6))
    assert not torch.allclose(model.get_parameter("project.weight"), atoms.T, atol=1e-3)


def test_hidden_layers_leave_nothing_to_tie() -> None:
    model = Dense((5,), 6, unit_columns=True).build((1, 4, 4))
    assert model.get_parameter("project.weight").shape == (6, 5)


def test_a_correction_sees_what_the_code_so_far_misses() -> None:
    torch.manual_seed(0)
    model = ResidualDense(3, width=8, hidden_width=8, num_blocks=1, num_corrections=1).build((1, 4, 4))
    images = torch.rand(5, 1, 4, 4)
    features, _ = model.encoder(images, None)
    missing = images - model.decode(model.project(features))
    assert missing.abs().max() > 0.1
    expected = model.project(model.corrections[0](features, missing))
    torch.testing.assert_close(model.encode(images), expected)
    assert not torch.allclose(model.encode(images), model.project(features), atol=1e-3)


def test_training_reaches_a_correction_and_what_comes_before_it() -> None:
    torch.manual_seed(0)
    model = ResidualDense(3, width=8, hidden_width=8, num_blocks=1, num_corrections=2).build((1, 4, 4))
    images = torch.rand(5, 1, 4, 4)
    Objective()(model(images), Batch(images, images, torch.ones(()), None)).total.backward()
    moved = {name for name, weight in model.named_parameters() if weight.grad is not None and weight.grad.any()}
    # a block's first layer waits until its second one, which starts at 0, has moved
    assert {"encoder.layers.0.weight", "corrections.0.look.weight", "corrections.1.look.weight"} <= moved


def test_fewer_corrections_than_none_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 0 corrections, found -1; 0 leaves"):
        ResidualDense(3, num_corrections=-1)


def test_several_sources_cannot_be_compared_with_one_picture() -> None:
    with pytest.raises(ValueError, match="found 1 corrections"):
        ParallelDecoders(ResidualDense(3, num_corrections=1)).build((1, 4, 4))
