"""What the pipelines do to images, whoever carries them out: each law is tested on arrays and on tensors."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable
from typing import Any

import albumentations
import cv2
import numpy as np
import pytest
import torch
from examples.pipelines import COLOUR, noise, pipeline_of
from scipy.stats import binomtest, chisquare, kstest

from archsearch.data.images import Pixels
from archsearch.training import on_arrays, on_tensors
from archsearch.training.augmentation import (
    Border,
    CentreCrop,
    Hole,
    Pipeline,
    ShiftScaleRotate,
    Step,
)
from archsearch.training.fields import AUGMENTATIONS

BY = ["arrays", "tensors"]
WHITE = np.full((32, 32, 3), 255, np.uint8)
# With fixed seeds a test gives the same every time; a wrong parameter is far beyond these.
UNLIKELY = 1e-3
STANDARD_ERRORS = 5


def augmented(by: str, pipeline: Pipeline, image: Pixels, count: int, epoch: int = 0) -> Pixels:
    """Augment so many copies of an image, a batch at a time."""
    pixels, positions = np.repeat(image[None], 100, axis=0), np.arange(count).reshape(-1, 100)
    if by == "arrays":
        on_host = on_arrays.augmenter(
            pipeline, images=count, epoch=epoch, generator=np.random.default_rng((1, epoch))
        )
        return np.concatenate([on_host(pixels, part) for part in positions])
    generator = torch.Generator().manual_seed(1 + epoch)
    on_device = on_tensors.augmenter(pipeline, images=count, epoch=epoch, generator=generator)
    parts = [on_device(torch.from_numpy(pixels), torch.from_numpy(part)) for part in positions]
    return torch.cat(parts).numpy()


def alone(step: Step, size: tuple[int, int] = (32, 32)) -> Pipeline:
    return Pipeline((step,), size, seed=0)


def equally_likely(seen: Iterable[object], among: int) -> bool:
    counts = Counter(seen)
    return len(counts) == among and bool(chisquare(list(counts.values())).pvalue > UNLIKELY)


def as_often(times: int, of: int, p: float) -> bool:
    return bool(binomtest(times, of, p).pvalue > UNLIKELY)


# --- flips and crops ---


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("name", ["crop", "flip_crop", "alternating_flip_crop"])
def test_every_window_of_the_padded_image_is_equally_likely(by: str, name: str) -> None:
    (image,) = noise(1).pixels
    windows: dict[bytes, tuple[int, int, bool]] = {}
    for flipped in (False, True) if "flip" in name else (False,):
        padded = np.pad(image[:, ::-1] if flipped else image, ((4, 4), (4, 4), (0, 0)), mode="reflect")
        windows |= {padded[y : y + 32, x : x + 32].tobytes(): (y, x, flipped) for y in range(9) for x in range(9)}
    seen = [windows[output.tobytes()] for output in augmented(by, pipeline_of(name), image, 4000)]
    assert equally_likely(seen, len(windows))


@pytest.mark.parametrize("by", BY)
def test_an_alternating_flip_shows_each_side_in_every_second_epoch(by: str) -> None:
    (image,) = noise(1).pixels

    def flipped(epoch: int, seed: int = 0) -> list[bool]:
        flip, *_ = pipeline_of("alternating_flip_crop").steps
        outputs = augmented(by, Pipeline((flip,), (32, 32), seed), image, 1000, epoch)
        assert all(any(np.array_equal(output, side) for side in (image, image[:, ::-1])) for output in outputs)
        return [not np.array_equal(output, image) for output in outputs]

    first = flipped(4)
    assert as_often(sum(first), 1000, 0.5)
    assert flipped(5) == [not was for was in first] == flipped(3)
    assert flipped(6) == first
    assert flipped(4, seed=1) not in (first, flipped(5))


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("size", [(32, 32), (23, 24), (9, 17)])
def test_a_border_is_black_and_the_centre_crop_removes_it(by: str, size: tuple[int, int]) -> None:
    (image,) = noise(1, size).pixels
    border = Border((2 * size[0], 2 * size[1]), reflected=False)
    padded = augmented(by, Pipeline((border,), size, 0), image, 100)
    assert padded.shape == (100, 2 * size[0], 2 * size[1], 3)
    assert padded[0].sum() == image.sum()
    assert (augmented(by, Pipeline((border, CentreCrop(size)), size, 0), image, 100) == image).all()


# --- shift, scale and rotation ---


def measured(by: str, step: ShiftScaleRotate, count: int) -> dict[str, Any]:
    """Measure what was done to copies of two ramps, by the planes that they are in the middle of the image."""
    ramp = 40 + 5 * np.arange(32)
    image = np.stack([*np.meshgrid(ramp, ramp), np.zeros((32, 32))], axis=-1).astype(np.uint8)
    middle = augmented(by, alone(step), image, count)[:, 10:22, 10:22].astype(float)
    across = np.arange(12) - 5.5
    by_x = np.einsum("nyxc,x->nc", middle, across) / (12 * (across**2).sum()) / 5
    by_y = np.einsum("nyxc,y->nc", middle, across) / (12 * (across**2).sum()) / 5
    backwards = np.stack([by_x[:, :2], by_y[:, :2]], axis=2)
    shift = -np.linalg.solve(backwards, ((middle.mean((1, 2)) - 40) / 5 - 15.5)[:, :2, None])[..., 0]
    return {
        "scale": 1 / np.sqrt(np.linalg.det(backwards)),
        "angle": np.degrees(np.arctan2(backwards[:, 1, 0], backwards[:, 0, 0])),
        "x": shift[:, 0],
        "y": shift[:, 1],
    }


COURSE = ShiftScaleRotate(shift=0.0625, scale=0.2, rotate=10, p=0.2)


@pytest.mark.parametrize("by", BY)
def test_shift_scale_and_rotation_are_uniform_and_independent(by: str) -> None:
    found = measured(by, ShiftScaleRotate(shift=0.0625, scale=0.2, rotate=10, p=1), 1000)
    limits = {"scale": (0.8, 1.2), "angle": (-10, 10), "x": (-2, 2), "y": (-2, 2)}
    for name, (least, most) in limits.items():
        assert kstest(found[name], "uniform", (least, most - least)).pvalue > UNLIKELY, name
        margin = 0.01 * (most - least)
        assert (least - margin, most + margin) == pytest.approx(
            (found[name].min(), found[name].max()), abs=2 * margin
        )
    correlations = np.corrcoef(list(found.values())) - np.eye(4)
    assert abs(correlations).max() < STANDARD_ERRORS / 1000**0.5


@pytest.mark.parametrize("by", BY)
def test_shift_scale_and_rotation_come_together_and_the_others_stay(by: str) -> None:
    (image,) = noise(1).pixels
    outputs = augmented(by, alone(COURSE), image, 2000)
    assert as_often(int((outputs != image).any((1, 2, 3)).sum()), 2000, 0.2)
    found = measured(by, COURSE, 1000)
    moved = [abs(found["x"]) > 0.02, abs(found["angle"]) > 0.2, abs(found["scale"] - 1) > 0.003]
    assert (sum(moved) >= 2).sum() == np.any(moved, axis=0).sum()


CASES = [(10, 1.2, 2, -1), (-10, 0.8, -2, 2), (0, 1, 1, 0), (7, 0.9, 0, -2), (90, 1, 0, 0)]


@pytest.mark.parametrize("size", [(32, 32), (24, 40), (9, 31)])
@pytest.mark.parametrize(("angle", "scale", "x", "y"), CASES)
def test_both_move_images_as_albumentations_does(
    angle: float, scale: float, x: int, y: int, size: tuple[int, int]
) -> None:
    # Smooth, as OpenCV only reads at whole 32nds of a pixel.
    image = cv2.GaussianBlur(noise(1, size).pixels[0], (0, 0), 2)
    oracle = albumentations.Affine(
        rotate=(angle, angle),
        scale=(scale, scale),
        translate_px={"x": (x, x), "y": (y, y)},
        keep_ratio=True,
        border_mode=cv2.BORDER_REFLECT_101,
        p=1.0,
    )
    expected = oracle(image=image)["image"].astype(int)
    on_host = on_arrays.Affine(COURSE).apply(image, angle=angle, scale=scale, x=x / size[1], y=y / size[0])
    numbers = {"angle": angle, "scale": scale, "x": x, "y": y}
    each = {name: torch.tensor([float(value)]) for name, value in numbers.items()}
    on_device = on_tensors.affine(torch.from_numpy(image[None]), **each)[0].numpy()
    assert abs(on_host - expected).max() <= 1
    assert abs(on_device - expected).max() <= 2


# --- holes ---


def extents(outputs: Pixels, axis: int) -> list[tuple[int, int]]:
    """Return first and last row (or column) of the hole in each white image that has one; it is a rectangle."""
    found = []
    for hole, output in zip((outputs != 255).any(axis=3), outputs, strict=True):
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        if len(rows):
            assert (output[hole] == COLOUR).all()
            assert hole.sum() == len(rows) * len(columns)
            lines = (rows, columns)[axis]
            assert lines[-1] - lines[0] + 1 == len(lines)
            found.append((int(lines[0]), int(lines[-1])))
    return found


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("axis", [0, 1])
def test_the_hole_of_the_course_lies_anywhere_in_the_padded_image(by: str, axis: int) -> None:
    # It begins at one of 49 places along each side of 64 pixels, and is seen from 47 of them: the image is rows
    # 16 to 47. So an image has a hole, or a part of one, with probability 0.2 (47/49)**2, of 0.184.
    outputs = augmented(by, pipeline_of("course"), WHITE, 8000)
    found = extents(outputs, axis)
    assert as_often(len(found), 8000, 0.2 * (47 / 49) ** 2)
    assert equally_likely(found, 47)
    # 16 x 16 of the 49 x 49 places cover a pixel, wherever it lies.
    p = 0.2 * (16 / 49) ** 2
    covered = (outputs != 255).any(axis=3).mean(axis=0)
    assert abs(covered - p).max() < STANDARD_ERRORS * (p * (1 - p) / 8000) ** 0.5


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("axis", [0, 1])
def test_a_hole_fits_whole_in_every_place(by: str, axis: int) -> None:
    found = extents(augmented(by, alone(Hole(16, COLOUR, p=1)), WHITE, 2000), axis)
    assert set(found) == {(first, first + 15) for first in range(17)}
    assert equally_likely(found, 17)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize(("axis", "side"), [(0, 8), (1, 5)])
def test_the_centre_of_a_cutout_is_any_pixel_of_every_image(by: str, axis: int, side: int) -> None:
    found = extents(augmented(by, pipeline_of("none", cutout=side), WHITE, 3000), axis)
    assert len(found) == 3000
    before = side // 2
    assert set(found) == {(max(0, c - before), min(31, c - before + side - 1)) for c in range(32)}
    assert equally_likely(found, 32)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_cutout_comes_last(by: str, name: str) -> None:
    outputs = augmented(by, pipeline_of(name, cutout=8), np.zeros((32, 32, 3), np.uint8), 400)
    cut = (outputs == COLOUR).all(axis=3).sum(axis=(1, 2))
    assert cut.min() >= 16
    assert (cut == 64).mean() > 0.4


# --- both together ---


@pytest.mark.parametrize("cutout", [0, 8])
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_arrays_and_tensors_agree_in_mean_and_variance_of_every_pixel(name: str, cutout: int) -> None:
    image = cv2.GaussianBlur(noise(1, (24, 32)).pixels[0], (0, 0), 1)
    pipeline = pipeline_of(name, cutout=cutout, size=(24, 32))
    one, two = (augmented(by, pipeline, image, 3000).astype(float) for by in BY)
    squares = [(outputs - outputs.mean(axis=0)) ** 2 for outputs in (one, two)]
    # The mean may differ by what rounding to bytes and OpenCV's 32nds of a pixel do.
    for (first, second), rounding in (((one, two), 0.3), (squares, 3)):
        error = np.sqrt((first.var(axis=0) + second.var(axis=0)) / 3000)
        assert (abs(first.mean(axis=0) - second.mean(axis=0)) <= STANDARD_ERRORS * error + rounding).all()


def test_an_argument_that_albumentations_does_not_know_is_an_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        albumentations.CoarseDropout(max_holes=1)
        with pytest.raises(UserWarning, match="max_holes"):
            on_arrays.strictly(lambda: albumentations.CoarseDropout(max_holes=1))
