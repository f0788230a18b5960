"""Evaluation against figures computed by hand, and the facts that the doctor reads."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from narrows.corruption import GaussianNoise, NoCorruption, PixelMask
from narrows.data import Pictures, load
from narrows.evaluation import (
    AS_MEASURED,
    ChosenPictures,
    Constant,
    CrossEntropy,
    FedBytes,
    Identity,
    MatrixProduct,
    Uncentred,
    code_arrays,
    component_arrays,
    evaluate,
    filter_arrays,
)
from narrows.evaluation.codes import principal_plane
from narrows.evaluation.reconstruction import Model
from narrows.evaluation.tally import Moments
from narrows.models import PCA, Autoencoder, Convolutional, Dense, Deterministic, MaskedTransformer, UNet, prepare
from narrows.models.convolutional import Upward
from narrows.models.transformer import cut
from narrows.types import Codes, Corruption

from .small import beside


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return load("digits").test


@pytest.fixture
def pca(pictures: Pictures) -> Autoencoder:
    model = PCA(8).build(pictures.image_shape)
    prepare(model, pictures.images)
    return model.eval()


def figure(model: Model, pictures: Pictures, key: str, corruption: Corruption = NoCorruption()) -> float:
    """The one figure of 'evaluation/metric', or 'evaluation/condition/metric'."""
    words = key.split("/")
    condition = words[1] if len(words) == 3 else ""
    found = evaluate(model, pictures, corruption=corruption).figures
    values = [
        each.value
        for each in found
        if (each.evaluation, each.condition, each.metric) == (words[0], condition, words[-1])
    ]
    assert len(values) == 1
    return values[0]


def test_the_black_picture_s_error_is_the_mean_square_of_the_pixels(pictures: Pictures) -> None:
    black = Constant(torch.zeros(pictures.image_shape))
    expected = ((pictures.images / 255.0) ** 2).reshape(len(pictures), -1).sum(1).mean()
    assert figure(black, pictures, "reconstruction/squared_error") == pytest.approx(expected, rel=1e-6)


def test_pca_is_scikit_learn_s(pictures: Pictures, pca: Autoencoder) -> None:
    from sklearn.decomposition import PCA as Reference

    pixels = pictures.images.reshape(len(pictures), -1) / 255.0
    reference = Reference(8, svd_solver="full").fit(pixels)
    back = reference.inverse_transform(reference.transform(pixels))
    expected = ((back - pixels) ** 2).sum(1).mean()
    assert figure(pca, pictures, "reconstruction/squared_error") == pytest.approx(expected, rel=1e-5)
    clamped = ((back.clip(0, 1) - pixels) ** 2).sum(1).mean()
    assert figure(pca, pictures, "clamped/squared_error") == pytest.approx(clamped, rel=1e-5)


def test_explained_variance_is_1_for_the_input_and_0_for_the_mean_picture(pictures: Pictures) -> None:
    mean = (pictures.images.mean(0) / 255).astype(np.float32)
    found = evaluate(Identity(), pictures, mean_picture=mean).metrics["explained_variance"]
    assert found == pytest.approx(1)
    found = evaluate(Constant(torch.from_numpy(mean)), pictures, mean_picture=mean).metrics["explained_variance"]
    assert found == pytest.approx(0, abs=1e-6)


def test_the_input_of_a_noisy_task_has_the_noise_s_error() -> None:
    noise, many = GaussianNoise(0.3), load("digits").official_train
    found = figure(Identity(), many, "reconstruction/mse", corruption=noise)
    # four standard deviations of a mean of 1 617 x 64 squared normal draws are 1.76 %
    assert found == pytest.approx(0.09, rel=0.0176)
    assert figure(Identity(), many, "checks/input_psnr", corruption=noise) == pytest.approx(10.46, abs=0.25)
    assert figure(Identity(), many, "checks/input_distance", corruption=noise) == 0


def test_a_task_is_the_same_whenever_it_is_evaluated(pictures: Pictures) -> None:
    first, second = (evaluate(Identity(), pictures, corruption=GaussianNoise(0.3)).figures for _ in range(2))
    assert first == second


def test_hidden_and_visible_pixels_are_judged_apart(pictures: Pictures) -> None:
    mask = PixelMask(0.5)
    assert figure(Identity(), pictures, "reconstruction/pixels=visible/mse", corruption=mask) == 0
    hidden = figure(Identity(), pictures, "reconstruction/pixels=hidden/mse", corruption=mask)
    assert hidden == pytest.approx(2 * figure(Identity(), pictures, "reconstruction/mse", corruption=mask), rel=1e-5)


def test_perfect_pictures_are_counted_apart(pictures: Pictures) -> None:
    assert figure(Identity(), pictures, "reconstruction/perfect_pictures") == len(pictures)
    assert "psnr" not in evaluate(Identity(), pictures).metrics


def test_facts_of_a_collapsed_model(pictures: Pictures) -> None:
    assert figure(Constant(torch.ones(pictures.image_shape)), pictures, "checks/output_variation") == 0
    assert figure(Constant(torch.ones(pictures.image_shape)), pictures, "checks/black_pixels") == 1
    assert figure(Identity(), pictures, "checks/output_variation") == pytest.approx(1)
    assert figure(Identity(), pictures, "checks/black_pixels") == 0


def test_facts_of_a_rectified_code_with_dead_units(pictures: Pictures) -> None:
    model = Dense((), 4, bottleneck=Deterministic("relu")).build(pictures.image_shape)
    with torch.no_grad():
        model.get_parameter("project.weight").copy_(torch.cat([torch.eye(4)[:2].repeat(1, 16), -torch.ones(2, 64)]))
        model.get_parameter("project.bias").copy_(torch.tensor([1.0, 1.0, 0.0, 0.0]))
    assert figure(model, pictures, "checks/dead_units") == 0.5
    assert figure(model, pictures, "checks/active_units") == 2
    assert figure(model, pictures, "checks/code_numbers") == 4


def test_a_bypass_is_counted(pictures: Pictures) -> None:
    assert figure(UNet((4, 6)).build((1, 8, 8)), pictures, "checks/bypass_numbers") == 4 * 8 * 8


def test_examples_and_worst_pictures_are_kept(pictures: Pictures, pca: Autoencoder) -> None:
    arrays = evaluate(pca, pictures, examples=(7, 3)).arrays
    assert arrays["index"].tolist() == [3, 7]
    np.testing.assert_allclose(arrays["target"], pictures.images[[3, 7]] / np.float32(255))
    np.testing.assert_allclose(arrays["error"], arrays["per_picture"][[3, 7]], rtol=1e-5)
    worst = np.argsort(-arrays["per_picture"])[:8]
    assert arrays["worst_index"].tolist() == worst.tolist()
    np.testing.assert_allclose(arrays["worst_clean"], pictures.images[worst] / np.float32(255))


def test_figures_do_not_hang_on_the_size_of_the_batch(
    pictures: Pictures, pca: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluate(pca, pictures).metrics
    monkeypatch.setattr("narrows.evaluation.reconstruction.BATCH_SIZE", 7)
    parts = evaluate(pca, pictures).metrics
    assert parts == pytest.approx(whole, rel=1e-6)
    backs = pca(torch.from_numpy(pictures.images) / 255).reconstruction.numpy()
    similar = [
        structural_similarity(
            picture[0] / 255,
            back[0],
            win_size=7,
            gaussian_weights=True,
            sigma=1.5 * 7 / 11,
            data_range=1,
            use_sample_covariance=False,
        )
        for picture, back in zip(pictures.images, backs, strict=True)
    ]
    assert whole["ssim"] == pytest.approx(np.mean(similar), abs=1e-5)


def test_moments_survive_batches_and_subtraction(generator: torch.Generator) -> None:
    numbers = torch.rand(100, 3, generator=generator) + 5
    moments = Moments()
    for part in numbers.split(30):
        moments.add(part)
    torch.testing.assert_close(moments.variance(), numbers.double().var(0, unbiased=False))
    torch.testing.assert_close(moments.range(), numbers.amax(0) - numbers.amin(0))


def test_fed_bytes_repeats_report_004_s_measuring(pictures: Pictures) -> None:
    model = Dense((), 8).build(pictures.image_shape)
    index = [3, 4, 5]
    images = torch.from_numpy(pictures.images[index]).float()
    with torch.no_grad():
        expected = (model(images).reconstruction / 255 - images / 255).square().flatten(1).sum(1).mean().item()
    found = {
        each.metric: each for each in FedBytes(ChosenPictures((3, 4, 5)))(model, pictures, beside(pictures)).figures
    }
    assert found["squared_error"].value == pytest.approx(expected, rel=1e-5)
    assert found["squared_error"].condition == "pictures=3-5"
    assert found["squared_error"].evaluation == AS_MEASURED
    assert found["input_maximum"].value == pictures.images[index].max()


def test_fed_bytes_with_noise_names_it_and_hides_it_below_the_grey_levels(pictures: Pictures) -> None:
    study = FedBytes(ChosenPictures((3,), noise=0.5, draw=2))
    found = {each.metric: each for each in study(Identity(), pictures, beside(pictures)).figures}
    assert found["squared_error"].condition == "noise=0.5 pictures=3 draw=2"
    assert found["squared_error"].value == pytest.approx(64 * (0.5 / 255) ** 2, rel=0.4)


def test_chosen_pictures_are_measured_right_beside_it(pictures: Pictures) -> None:
    model = Dense((), 8).build(pictures.image_shape)
    images = torch.from_numpy(pictures.images[[3, 4]]).float() / 255
    with torch.no_grad():
        expected = (model(images).reconstruction - images).square().flatten(1).sum(1).mean().item()
    found = {each.metric: each for each in ChosenPictures((4, 3))(model, pictures, beside(pictures)).figures}
    assert found["squared_error"].value == pytest.approx(expected, rel=1e-5)
    assert found["mse"].value == pytest.approx(expected / 64, rel=1e-5)
    assert found["mse"].condition == "pictures=3-4"
    assert found["mse"].evaluation == "reconstruction"


def test_chosen_pictures_under_noise_that_can_be_seen(pictures: Pictures) -> None:
    noisy = ChosenPictures(tuple(range(20)), data="same", noise=0.5, draw=1)
    found = {each.metric: each for each in noisy(Identity(), pictures, beside(pictures)).figures}
    assert found["mse"].condition == "data=same noise=0.5 pictures=0-19 draw=1"
    assert found["mse"].value == pytest.approx(0.25, rel=0.15)  # 1 280 draws: three standard deviations are 0.12


def test_fed_bytes_of_another_set_stays_in_bytes(pictures: Pictures) -> None:
    black = Constant(torch.zeros(pictures.image_shape))
    others = Pictures(255 - pictures.images)
    study = FedBytes(ChosenPictures((1,), data="negatives"), in_bytes=True)
    found = {each.metric: each for each in study(black, pictures, beside(others)).figures}
    assert found["mse"].condition == "data=negatives pictures=1"
    assert found["mse"].value == pytest.approx((others.images[1].astype(float) ** 2).mean())


def test_uncentred_projects_without_the_mean(pictures: Pictures, pca: Autoencoder) -> None:
    pixels = pictures.images[:10].reshape(10, -1) / 255.0
    components = pca.get_parameter("project.weight").numpy().astype(float)
    expected = ((pixels @ components.T @ components - pixels) ** 2).sum(1).mean()
    figures = Uncentred(ChosenPictures(tuple(range(10))))(pca, pictures, beside(pictures)).figures
    assert {each.metric: each.value for each in figures}["squared_error"] == pytest.approx(expected, rel=1e-4)


def test_without_the_mean_the_error_is_higher_by_the_square_of_what_the_components_lack_of_it(
    pictures: Pictures, pca: Autoencoder
) -> None:
    everything = ChosenPictures(tuple(range(len(pictures))))
    right, wrong = (
        {each.metric: each.value for each in study(pca, pictures, beside(pictures)).figures}["squared_error"]
        for study in (everything, Uncentred(everything))
    )
    mean = pictures.images.reshape(len(pictures), -1).mean(0) / 255
    components = pca.get_parameter("project.weight").numpy().astype(float)
    lacking = mean - mean @ components.T @ components
    assert wrong == pytest.approx(right + (lacking**2).sum(), rel=1e-3)


def test_fed_bytes_pca_loses_its_mean(pictures: Pictures, pca: Autoencoder) -> None:
    few = ChosenPictures(tuple(range(20)))
    right, fed, uncentred = (
        {each.metric: each.value for each in study(pca, pictures, beside(pictures)).figures}["squared_error"]
        for study in (few, FedBytes(few), Uncentred(few))
    )
    assert fed == pytest.approx(uncentred, rel=0.02)
    assert fed > 2 * right


def test_a_matrix_product_repeats_report_004_s_measuring(pictures: Pictures) -> None:
    model = Dense((), 8).build(pictures.image_shape)
    index = [3, 4, 5]
    images = pictures.images[index].astype(np.float32)
    with torch.no_grad():
        outputs = model(torch.from_numpy(images)).reconstruction.numpy()
    # the report's own line, for each picture
    expected = [np.sum(np.dot(image / 255 - output / 255, image / 255 - output / 255))
                for image, output in zip(images[:, 0], outputs[:, 0], strict=True)]  # fmt: skip
    study = MatrixProduct(ChosenPictures((3, 4, 5)))
    found = {each.metric: each for each in study(model, pictures, beside(pictures)).figures}
    assert found["matrix_product_lowest"].value == pytest.approx(min(expected), rel=1e-4)
    assert found["matrix_product_highest"].value == pytest.approx(max(expected), rel=1e-4)
    assert found["matrix_product_lowest"].condition == "pictures=3-5"
    assert found["input_maximum"].value == pictures.images[index].max()


def test_a_matrix_product_can_be_negative_where_a_squared_error_is_large() -> None:
    images = np.zeros((1, 1, 2, 2), dtype=np.uint8)
    turned = Constant(torch.tensor([[[0.0, 255.0], [-255.0, 0.0]]]))  # times itself it is minus the identity
    pictures = Pictures(images)
    found = MatrixProduct(ChosenPictures((0,)))(turned, pictures, beside(pictures)).figures
    assert {each.metric: each.value for each in found}["matrix_product_lowest"] == -2


def test_a_matrix_product_of_pictures_that_are_not_square_is_refused() -> None:
    pictures = Pictures(np.zeros((1, 1, 2, 3), dtype=np.uint8))
    with pytest.raises(ValueError, match="expected square pictures for a matrix product, found 2 x 3"):
        MatrixProduct(ChosenPictures((0,)))(Identity(), pictures, beside(pictures))


def test_cross_entropy_is_pytorch_s_over_the_whole_split(pictures: Pictures) -> None:
    grey = Constant(torch.full(pictures.image_shape, 0.3))
    (found,) = CrossEntropy()(grey, pictures, beside(pictures)).figures
    images = torch.from_numpy(pictures.images) / 255
    expected = torch.nn.functional.binary_cross_entropy(torch.full_like(images, 0.3), images)
    assert (found.evaluation, found.condition, found.metric, found.n) == (AS_MEASURED, "", "loss", len(pictures))
    assert found.value == pytest.approx(expected.item(), rel=1e-5)


def test_code_arrays_of_a_pca_are_its_scores(pictures: Pictures, pca: Autoencoder) -> None:
    arrays = code_arrays(pca, pictures, np.array([4, 2]))
    codes: Codes = pca.encode(torch.from_numpy(pictures.images) / 255).detach()
    np.testing.assert_allclose(arrays["codes"], codes.numpy(), atol=1e-5)
    np.testing.assert_allclose(np.abs(arrays["projection"]), np.abs(arrays["codes"][:, :2]), atol=1e-3)
    np.testing.assert_allclose(arrays["example_codes"], arrays["codes"][[4, 2]], atol=1e-6)
    assert arrays["active_share"].tolist() == [1.0] * 8


@pytest.mark.parametrize("size", [(40, 3), (12, 300), (9, 1)])
def test_the_plane_of_codes_is_that_of_scikit_learn(size: tuple[int, int]) -> None:
    from sklearn.decomposition import PCA as Reference

    spread = np.linspace(1, 3, size[1])
    codes = (np.random.default_rng(0).normal(size=size) * spread).astype(np.float32)
    expected = Reference(min(2, size[1]), svd_solver="full").fit_transform(codes)
    np.testing.assert_allclose(np.abs(principal_plane(codes)), np.abs(expected), rtol=1e-3, atol=1e-3)


def test_codes_of_many_numbers_are_kept_of_fewer_pictures(
    pictures: Pictures, pca: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = Pictures(np.zeros((2001, *pictures.image_shape), np.uint8))
    assert code_arrays(pca, many, np.array([0]))["codes"].shape == (2000, 8)
    monkeypatch.setattr("narrows.evaluation.codes.MAX_NUMBERS", 100)
    assert code_arrays(pca, pictures, np.array([4, 2]))["codes"].shape == (12, 8)


def test_component_arrays_match_scikit_learn(pictures: Pictures, pca: Autoencoder) -> None:
    from sklearn.decomposition import PCA as Reference

    reference = Reference(8, svd_solver="full").fit(pictures.images.reshape(len(pictures), -1) / 255.0)
    arrays = component_arrays(pca, pictures)
    np.testing.assert_allclose(arrays["explained_variance_ratio"], reference.explained_variance_ratio_, rtol=1e-4)
    scores = pca.encode(torch.from_numpy(pictures.images) / 255).detach().numpy()[:, 0]
    middle = arrays["percentile_values"][0, 3]
    assert abs((scores < middle).mean() - 0.5) < 0.01


def test_filters_are_the_weights_that_meet_the_picture(pca: Autoencoder) -> None:
    assert filter_arrays(pca)["first_layer"].shape == (8, 1, 8, 8)
    assert filter_arrays(UNet((4, 6)).build((3, 8, 8)))["first_layer"].shape == (4, 3, 3, 3)


def test_filters_of_a_transformer_are_patches() -> None:
    model = MaskedTransformer(2, 16, 1, 2, 8).build((3, 8, 8))
    filters = torch.from_numpy(filter_arrays(model)["first_layer"])
    assert filters.shape == (16, 3, 2, 2)
    # what a unit says of the upper left patch is the sum of its filter times the patch
    images = torch.rand(1, 3, 8, 8)
    embedded = model.encoder.get_submodule("embed")(cut(images, 2))[0, 0, 0]
    torch.testing.assert_close((filters * images[..., :2, :2]).sum((1, 2, 3)), embedded)


def test_a_decoder_s_kernels_stand_as_to_and_from_numbered_from_the_picture() -> None:
    kinds: dict[Upward, list[tuple[int, ...]]] = {
        "unpooling": [(1, 4, 3, 3), (4, 6, 3, 3)],
        "transposed": [(1, 4, 4, 4), (4, 6, 4, 4), (6, 6, 4, 4)],
    }
    for upward, shapes in kinds.items():
        model = Convolutional((4, 6, 6), upward=upward).build((1, 8, 8))
        arrays = filter_arrays(model)
        found = [arrays[name] for name in ("decoder_0", "decoder_1", "decoder_2") if name in arrays]
        assert [kernels.shape for kernels in found] == shapes
    # what one channel given becomes of one channel made: a single 1 in channel 2 gives the kernel of (made 3, given 2)
    layer = model.decoder.get_submodule("stages.1.0")
    given = torch.zeros(1, 6, 1, 1)
    given[0, 2] = 1
    made = torch.nn.functional.conv_transpose2d(given, layer.get_parameter("weight"))
    np.testing.assert_array_equal(arrays["decoder_1"][3, 2], made[0, 3].detach().numpy())


def test_stages_of_many_kernels_are_left_out() -> None:
    arrays = filter_arrays(Convolutional((4, 40, 60)).build((1, 8, 8)))
    assert sorted(arrays) == ["decoder_0", "decoder_1", "first_layer"]
    assert list(filter_arrays(UNet((4, 6)).build((1, 8, 8)))) == ["first_layer"]
