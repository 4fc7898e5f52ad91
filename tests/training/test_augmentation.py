"""What the pipelines do to images, and the batches that a background thread makes of them."""

from __future__ import annotations

import threading
import warnings

import albumentations
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from archsearch.data.images import Images
from archsearch.errors import ArchsearchError, TrainingError
from archsearch.training import augmentation as module
from archsearch.training.augmentation import Pipeline, augmentation
from archsearch.training.batches import BATCHES_AHEAD, Batch, batches
from archsearch.training.recipe import AUGMENTATIONS

MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)


def pipeline_of(name: str, *, size: tuple[int, int] = (32, 32), seed: int = 0) -> Pipeline:
    return augmentation(name, mean=MEAN, std=STD, size=size, seed=seed)


def noise(count: int, size: tuple[int, int] = (32, 32)) -> Images:
    pixels = np.random.default_rng(0).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    return Images(pixels, np.arange(count))


def joined(parts: list[Batch]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def augmented(name: str, image: npt.NDArray[np.uint8], count: int) -> list[npt.NDArray[np.uint8]]:
    compose = pipeline_of(name, size=(image.shape[0], image.shape[1])).compose()
    assert compose is not None
    return [compose(image=image)["image"] for _ in range(count)]


def background_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("archsearch-batches")]


# --- batches ---


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *((name, size) for name in AUGMENTATIONS for size in [(32, 32), (24, 40), (8, 64), (23, 23), (200, 96)]),
        *((name, size) for name in ("none", "crop", "flip_crop") for size in [(5, 5), (5, 64), (64, 5), (16, 16)]),
        *(("none", size) for size in [(1, 1), (1, 64), (4, 4)]),
    ],
)
def test_batches_are_contiguous_float_images(name: str, size: tuple[int, int]) -> None:
    content = noise(10, size)
    parts = list(batches(content, pipeline_of(name, size=size), batch_size=4, seed=5))
    assert [x.shape for x, _ in parts] == [(4, 3, *size), (4, 3, *size), (2, 3, *size)]
    for x, y in parts:
        assert (x.dtype.name, y.dtype.name) == ("float32", "int64")
        assert x.flags.c_contiguous
        assert x.flags.writeable
    assert sorted(joined(parts)[1]) == list(range(10))
    assert joined(parts)[1].tolist() != list(range(10))


def test_without_a_seed_the_order_is_kept_and_none_only_normalises() -> None:
    content = noise(10)
    x, y = joined(list(batches(content, pipeline_of("none"), batch_size=3, seed=None)))
    expected = (content.pixels / 255 - MEAN) / STD
    np.testing.assert_allclose(x, expected.transpose(0, 3, 1, 2), rtol=1e-5, atol=1e-6)
    assert y.tolist() == list(range(10))


def test_normalisation_is_that_of_albumentations() -> None:
    content = noise(1)
    reference = albumentations.Normalize(mean=MEAN, std=STD, max_pixel_value=255.0, p=1.0)
    expected = reference(image=content.pixels[0])["image"].transpose(2, 0, 1)
    np.testing.assert_allclose(pipeline_of("none").normalise(content.pixels)[0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_seeds_say_everything(name: str) -> None:
    content = noise(40)

    def run(*, seed: int, epoch: int) -> npt.NDArray[np.float32]:
        x, y = joined(list(batches(content, pipeline_of(name, seed=seed), batch_size=16, seed=epoch)))
        return x[np.argsort(y)]

    first = run(seed=0, epoch=0)
    assert np.array_equal(first, run(seed=0, epoch=0))
    assert np.array_equal(first, run(seed=0, epoch=1)) == (name == "none")
    assert np.array_equal(first, run(seed=1, epoch=0)) == (name == "none")


@pytest.mark.parametrize("name", [name for name in AUGMENTATIONS if name != "none"])
def test_another_epoch_draws_other_random_numbers(name: str) -> None:
    (image,) = noise(1).pixels

    def draws(seed: int) -> list[bytes]:
        compose = pipeline_of(name).compose(seed)
        assert compose is not None
        return [compose(image=image)["image"].tobytes() for _ in range(20)]

    assert draws(0) == draws(0) != draws(1)


def test_the_order_follows_from_the_seed_of_the_batches() -> None:
    orders = [
        joined(list(batches(noise(40), pipeline_of("none"), batch_size=16, seed=seed)))[1].tolist()
        for seed in (0, 0, 1)
    ]
    assert orders[0] == orders[1] != orders[2]


def test_leaving_early_ends_the_thread_and_changes_nothing_afterwards() -> None:
    content, pipeline = noise(64), pipeline_of("flip_crop")
    whole = list(batches(content, pipeline, batch_size=4, seed=1))
    assert background_threads() == []
    early = batches(content, pipeline, batch_size=4, seed=1)
    next(early)
    assert len(background_threads()) == 1
    early.close()
    assert background_threads() == []
    again = list(batches(content, pipeline, batch_size=4, seed=1))
    assert np.array_equal(joined(whole)[0], joined(again)[0])


def test_the_thread_stays_only_some_batches_ahead() -> None:
    taken: list[int] = []

    class Watched(Images):
        def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Images:
            taken.append(1)
            return super().take(index)

    content = noise(100)
    slow = batches(Watched(content.pixels, content.labels), pipeline_of("none"), batch_size=1, seed=None)
    for _ in range(10):
        next(slow)
    slow.close()
    assert 10 <= len(taken) <= 10 + BATCHES_AHEAD


def test_what_goes_wrong_in_the_thread_is_raised_here() -> None:
    content = noise(8)
    broken = Images(content.pixels[:6], content.labels)
    received = batches(broken, pipeline_of("crop"), batch_size=4, seed=None)
    assert len(next(received)[1]) == 4
    with pytest.raises(IndexError):
        next(received)
    assert background_threads() == []


def test_wrong_sizes() -> None:
    with pytest.raises(ArchsearchError) as caught:
        batches(noise(2, (28, 20)), pipeline_of("none"), batch_size=4, seed=None)
    assert str(caught.value) == (
        "the images are 28x20; the augmentation is made for 32x32 (height x width)\n"
        "  give `augmentation` the size of the images"
    )
    with pytest.raises(ArchsearchError) as caught:
        batches(noise(2), pipeline_of("none"), batch_size=0, seed=None)
    assert str(caught.value) == "the batch size is 0; it must be at least 1"


# --- pipelines ---


HALF = "erases 16x16 pixels, more than half of an image"
SIDES = "needs sides of at least {} pixels"


@pytest.mark.parametrize(
    ("name", "size", "unmet", "works"),
    [
        ("crop", (4, 4), SIDES.format(5), "none"),
        ("crop", (1, 512), SIDES.format(5), "none"),
        ("flip_crop", (512, 4), SIDES.format(5), "none"),
        ("assignment", (4, 4), SIDES.format(8), "none"),
        ("assignment", (7, 512), SIDES.format(8), "flip_crop"),
        ("assignment", (8, 8), HALF, "flip_crop"),
        ("assignment", (8, 63), HALF, "flip_crop"),
        ("assignment", (22, 23), HALF, "flip_crop"),
    ],
)
def test_images_too_small_for_an_augmentation(name: str, size: tuple[int, int], unmet: str, works: str) -> None:
    with pytest.raises(TrainingError) as caught:
        pipeline_of(name, size=size)
    assert str(caught.value) == (
        f"the augmentation `{name}` {unmet}; the images are {size[0]}x{size[1]}\n"
        f"  --augmentation {works} works on them"
    )


@pytest.mark.parametrize("size", [(23, 23), (8, 64), (32, 16)])
def test_a_hole_erases_at_most_half_of_an_image(size: tuple[int, int]) -> None:
    outputs = augmented("assignment", np.full((*size, 3), 255, np.uint8), 200)
    erased = [float((output != 255).any(axis=2).mean()) for output in outputs]
    assert 0 < max(erased) <= 0.5


def test_unknown_name() -> None:
    with pytest.raises(ArchsearchError) as caught:
        pipeline_of("flipcrop")
    assert str(caught.value) == "there is no augmentation `flipcrop`\n  did you mean `flip_crop`?"
    with pytest.raises(ArchsearchError, match="known here: assignment, crop, flip_crop, none"):
        pipeline_of("x")


@pytest.mark.parametrize(("name", "flips"), [("crop", False), ("flip_crop", True)])
def test_crop_takes_every_window_of_the_padded_image(name: str, flips: bool) -> None:
    (image,) = noise(1).pixels
    padded = np.pad(image, ((4, 4), (4, 4), (0, 0)), mode="reflect")
    windows = {padded[y : y + 32, x : x + 32].tobytes(): (y, x, False) for y in range(9) for x in range(9)}
    if flips:
        mirrored = np.pad(image[:, ::-1], ((4, 4), (4, 4), (0, 0)), mode="reflect")
        windows |= {mirrored[y : y + 32, x : x + 32].tobytes(): (y, x, True) for y in range(9) for x in range(9)}
    seen = [windows[output.tobytes()] for output in augmented(name, image, 2000)]
    assert set(seen) == set(windows.values())
    assert sum(flipped for _, _, flipped in seen) / len(seen) == pytest.approx(0.5 if flips else 0, abs=0.05)


def test_assignment_cuts_one_hole_of_the_mean_colour() -> None:
    colour = (125, 123, 114)
    outputs = augmented("assignment", np.full((32, 32, 3), 255, np.uint8), 1000)
    holes = [(output != 255).any(axis=2) for output in outputs]
    assert sum(hole.any() for hole in holes) / 1000 == pytest.approx(0.5, abs=0.06)
    whole = 0
    for output, hole in zip(outputs, holes, strict=True):
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        if len(rows):
            assert (output[hole] == colour).all()
            # The crop may cut a hole off, but never below 16 - 2 * 4 pixels a side; it stays a rectangle.
            assert 8 <= len(rows) <= 16
            assert 8 <= len(columns) <= 16
            assert hole.sum() == len(rows) * len(columns)
            whole += len(rows) == len(columns) == 16
    assert whole > 100


def test_assignment_shifts_scales_and_rotates_with_a_reflected_border() -> None:
    (affine,) = [t for t in module._transforms(pipeline_of("assignment")) if isinstance(t, albumentations.Affine)]
    assert affine.border_mode == cv2.BORDER_REFLECT_101
    assert affine.keep_ratio
    assert (affine.rotate, affine.p) == ((-15.0, 15.0), 0.5)
    assert affine.translate_px == {"x": (-2, 2), "y": (-2, 2)}
    assert affine.scale == {"x": (0.9, 1.1), "y": (0.9, 1.1)}
    # A border of zeros would show up as dark corners.
    outputs = augmented("assignment", np.full((32, 32, 3), 255, np.uint8), 200)
    assert min(output.min() for output in outputs) == 114


def test_an_argument_that_albumentations_does_not_know_is_an_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        albumentations.CoarseDropout(max_holes=1)
        with pytest.raises(UserWarning, match="max_holes"):
            module._strictly(lambda: albumentations.CoarseDropout(max_holes=1))
