"""What the network class does around its slots, whatever stands in them."""

import torch
from torch import Tensor, nn

from narrows.models import Autoencoder, Dense, Deterministic, Standardised
from narrows.types import Images, Mask


class Recorder(nn.Module):
    """Keeps what an encoder is given."""

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        self.given = images, hidden
        return images.mean((2, 3)), ()


def test_a_mask_is_padded_along_with_its_pictures(generator: torch.Generator) -> None:
    encoder = Recorder()
    model = Autoencoder(
        Dense((), 1),
        (1, 5, 6),
        encoder=encoder,
        decoder=nn.Identity(),
        bottleneck=Deterministic(),
        features_shape=(1,),
        multiple=4,
    )
    hidden = torch.rand(2, 1, 5, 6, generator=generator) < 0.5
    shown = (~hidden).float()
    model.latent(shown, hidden)
    images, masked = encoder.given
    assert masked is not None
    rows, columns = [0, 1, 2, 3, 4, 4, 4, 4], [0, 1, 2, 3, 4, 5, 5, 5]
    assert torch.equal(masked, hidden[:, :, rows][..., columns])
    assert torch.equal(masked, images == 0)
    model.latent(shown)
    assert encoder.given[1] is None


def test_pictures_in_other_units_inside_come_back_in_0_to_1_where_their_error_is_a_quarter(
    generator: torch.Generator,
) -> None:
    images = torch.rand(3, 1, 4, 4, generator=generator)
    plain = Dense((8,), 4, output_activation="tanh")
    torch.manual_seed(0)
    inside = plain.build((1, 4, 4)).eval()
    torch.manual_seed(0)
    model = Standardised(plain, mean=0.5, deviation=0.5).build((1, 4, 4)).eval()
    standard = (images - 0.5) / 0.5
    given = inside(standard).reconstruction
    found = model(images).reconstruction
    torch.testing.assert_close(found, 0.5 * given + 0.5)
    torch.testing.assert_close((given - standard).square(), 4 * (found - images).square())
