"""Augmentations as values, and images that are too small for them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from examples.pipelines import COLOUR, pipeline_of

from archsearch.errors import ArchsearchError, TrainingError
from archsearch.training.augmentation import Border, CentreCrop, Cutout, Flip, Hole, ShiftScaleRotate, check_size


def test_the_course_has_the_published_steps() -> None:
    assert pipeline_of("course", cutout=8).steps == (
        Flip(0.5),
        ShiftScaleRotate(shift=0.0625, scale=0.2, rotate=10, p=0.2),
        Border((64, 64), reflected=False),
        Hole(16, COLOUR, p=0.2),
        CentreCrop((32, 32)),
        Cutout(8, COLOUR),
    )


def test_a_definition_loads_nothing_that_carries_it_out() -> None:
    code = "import sys, archsearch.training.augmentation; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["albumentations", "torch", "cv2", "numpy"]
    result = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


SIDES = "needs sides of at least {} pixels"
HALF = "may erase {} pixels, more than half of an image"


@pytest.mark.parametrize(
    ("name", "size", "unmet", "works"),
    [
        ("crop", (4, 4), SIDES.format(5), "none"),
        ("crop", (1, 512), SIDES.format(5), "none"),
        ("flip_crop", (512, 4), SIDES.format(5), "none"),
        ("alternating_flip_crop", (4, 9), SIDES.format(5), "none"),
        ("course", (4, 4), SIDES.format(8), "none"),
        ("course", (7, 512), SIDES.format(8), "alternating_flip_crop"),
        ("course", (8, 8), HALF.format("8x8"), "alternating_flip_crop"),
        ("course", (8, 31), HALF.format("8x16"), "alternating_flip_crop"),
        ("course", (22, 23), HALF.format("16x16"), "alternating_flip_crop"),
    ],
)
def test_images_too_small_for_an_augmentation(name: str, size: tuple[int, int], unmet: str, works: str) -> None:
    with pytest.raises(TrainingError) as caught:
        pipeline_of(name, size=size)
    assert str(caught.value) == (
        f"the augmentation `{name}` {unmet}; the images are {size[0]}x{size[1]}\n"
        f"  --augmentation {works} works on them"
    )
    check_size(works, size)


@pytest.mark.parametrize(("cutout", "size", "largest"), [(23, (32, 32), 22), (40, (4, 64), 32), (1, (1, 1), 0)])
def test_images_too_small_for_a_cutout(cutout: int, size: tuple[int, int], largest: int) -> None:
    with pytest.raises(TrainingError, match=f"a cutout of {largest} is the largest that works on them"):
        check_size("none", size, cutout)
    check_size("none", size, largest)


def test_a_pipeline_of_an_earlier_version() -> None:
    with pytest.raises(TrainingError) as caught:
        check_size("assignment", (32, 32))
    assert str(caught.value) == (
        "the augmentation `assignment` was another pipeline in version 0.1, which is withdrawn\n"
        "  --augmentation course takes its place"
    )


def test_unknown_name() -> None:
    with pytest.raises(ArchsearchError) as caught:
        pipeline_of("flipcrop")
    assert str(caught.value) == "there is no augmentation `flipcrop`\n  did you mean `flip_crop`?"
