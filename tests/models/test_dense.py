"""Dense networks: decoder columns of length 1, and where their encoder starts."""

import torch

from narrows.models import Dense
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
