"""What lies between codes, against a linear decoder, whose answers are known."""

import numpy as np
import pytest
import torch

from narrows.data import Pictures, load
from narrows.evaluation import Evaluation, Identity, Manifold
from narrows.evaluation.manifold import ACROSS, NUM_STEPS, apart, nearest
from narrows.models import PCA, Autoencoder, UNet, prepare
from narrows.training import as_images

from .small import beside

STUDY = Manifold(pairs=((0, 5), (7, 2)), start=4)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return load("digits").official_train


@pytest.fixture(scope="module")
def pca(pictures: Pictures) -> Autoencoder:
    model = PCA(6).build(pictures.image_shape)
    prepare(model, pictures.images)
    assert isinstance(model, Autoencoder)
    return model


@pytest.fixture(scope="module")
def arrays(pca: Autoencoder, pictures: Pictures) -> dict[str, np.ndarray]:
    return STUDY(pca, pictures, beside(pictures)).arrays


def test_a_linear_decoder_blends_reconstructions(
    pca: Autoencoder, pictures: Pictures, arrays: dict[str, np.ndarray]
) -> None:
    images = as_images(pictures)
    with torch.no_grad():
        answers = pca(images).reconstruction.numpy()
    for place, (start, end) in enumerate(STUDY.pairs):
        for step, share in enumerate(np.linspace(0, 1, NUM_STEPS)):
            for key, ends in (("codes_between", answers), ("pixels_between", images.numpy())):
                expected = (1 - share) * ends[start] + share * ends[end]
                np.testing.assert_allclose(arrays[key][place, step], expected, atol=1e-5)
    np.testing.assert_array_equal(arrays["pixels_distance"][:, [0, -1]], 0)
    assert arrays["pixels_distance"][:, NUM_STEPS // 2].min() > 0.01


def test_a_walk_moves_one_number_from_low_to_high(
    pca: Autoencoder, pictures: Pictures, arrays: dict[str, np.ndarray]
) -> None:
    with torch.no_grad():
        codes = pca.encode(as_images(pictures)).numpy()
        start = pca(as_images(pictures)[[4]]).reconstruction[0].numpy()
    components = pca.get_parameter("project.weight").detach().numpy().reshape(6, *pictures.image_shape)
    np.testing.assert_allclose(
        arrays["walk_values"], np.percentile(codes, arrays["percentiles"], axis=0).T, rtol=1e-3, atol=1e-4
    )
    for number in range(6):
        for place, value in enumerate(arrays["walk_values"][number]):
            expected = start + (value - codes[4, number]) * components[number]
            np.testing.assert_allclose(arrays["walks"][number, place], expected, atol=1e-4)


def test_the_nearest_picture_is_the_one_that_a_search_finds(generator: torch.Generator) -> None:
    outputs, images = torch.rand(4, 1, 3, 3, generator=generator), torch.rand(9, 1, 3, 3, generator=generator)
    expected = [min((output - image).square().mean().item() for image in images) for output in outputs]
    np.testing.assert_allclose(nearest(outputs, images), expected, rtol=1e-4)


def test_thumbnails_do_not_overlap_and_leave_no_room_unused(arrays: dict[str, np.ndarray]) -> None:
    positions, chosen = arrays["positions"], arrays["thumbnail_index"]
    places = positions / np.ptp(positions, axis=0) * ACROSS
    distance = np.abs(places[:, None] - places[chosen]).max(2)
    between = distance[chosen]
    np.fill_diagonal(between, np.inf)
    assert between.min() >= 1
    assert distance.min(1).max() < 1.1  # another picture's thumbnail would overlap one that is there
    assert chosen[0] == 0


def test_the_map_lies_along_the_directions_of_most_variance(
    pca: Autoencoder, pictures: Pictures, arrays: dict[str, np.ndarray]
) -> None:
    with torch.no_grad():
        codes = pca.encode(as_images(pictures)).numpy()[: len(arrays["positions"])]
    spread = np.linalg.eigvalsh(np.cov(codes.T))[::-1][:2]
    np.testing.assert_allclose(arrays["positions"].var(0, ddof=1), spread, rtol=1e-4)
    np.testing.assert_array_equal(arrays["thumbnails"], as_images(pictures)[arrays["thumbnail_index"]])
    assert pictures.labels is not None
    assert arrays["labels"].tolist() == pictures.labels[: len(codes)].tolist()


def test_codes_of_one_number_have_a_map_too() -> None:
    assert apart(np.array([[0.0], [0.01], [1.0]], np.float32)).tolist() == [0, 2]


def test_positions_beyond_a_small_split_count_from_its_beginning(pca: Autoencoder, pictures: Pictures) -> None:
    few = pictures.take(np.arange(5))
    assert STUDY(pca, few, beside(few)).arrays["pairs"].tolist() == [[0, 0], [2, 2]]


def test_a_code_that_is_bypassed_and_a_baseline_without_one_give_nothing(pictures: Pictures) -> None:
    for model in (UNet((4, 6)).build(pictures.image_shape), Identity()):
        assert STUDY(model, pictures, beside(pictures)) == Evaluation([])


def test_no_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one pair of pictures to walk between, found none"):
        Manifold(pairs=())
