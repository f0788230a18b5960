"""What may stand inside an architecture that changes what is around it."""

from narrows.models.autoencoder import Autoencoder, check_unstandardised
from narrows.models.patch_features import LearnsFromPatches
from narrows.types import Architecture, ImageShape


def build_inner(architecture: Architecture, image_shape: ImageShape) -> Autoencoder:
    """An untrained network of one picture in [0, 1], to be given another decoder.

    Raises:
        ValueError: it corrects its code, standardises its pictures, owes several, or learns from patches.
    """
    model = architecture.build(image_shape)
    assert isinstance(model, Autoencoder)
    if len(model.corrections):
        raise ValueError(
            "expected an encoder that does not look at its reconstruction, found "
            f"{len(model.corrections)} corrections; they compare one picture with one reconstruction: set "
            "num_corrections to 0"
        )
    check_unstandardised(model)
    check_learns_pictures(model)
    if hasattr(architecture, "num_sources"):
        raise ValueError(
            f"expected a network that owes one picture, found {type(architecture).__name__}, which owes several; put "
            "one of the two around the network, not both"
        )
    return model


def check_learns_pictures(model: Autoencoder) -> None:
    """Refuse to wrap a network of which a part learns from something else than pictures.

    Raises:
        ValueError: it does.
    """
    if isinstance(model.architecture, LearnsFromPatches):
        raise ValueError(
            f"expected a network that learns from pictures, found {type(model.architecture).__name__}, which learns "
            "from patches; leave what stands around it out"
        )
