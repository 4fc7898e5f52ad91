"""What is done to training images, as a value: named steps with their parameters, apart from who carries them out.

`on_arrays` carries them out by albumentations, and `on_tensors` on the device of a tensor; each step's docstring
says what both do.
"""

from __future__ import annotations

from dataclasses import dataclass

from archsearch.errors import ArchsearchError, TrainingError, suggest
from archsearch.graph.shapes import shape_text
from archsearch.training.fields import AUGMENTATIONS, WITHDRAWN

Size = tuple[int, int]
"""Height and width, in pixels."""

Colour = tuple[int, int, int]
"""Red, green and blue, 0..255."""

_PADDING = 4
_HOLE = 16
# A border reflects other pixels than the outermost; a hole lies within the padded image, of twice the sides.
_LEAST_SIDE = {
    "crop": _PADDING + 1,
    "flip_crop": _PADDING + 1,
    "alternating_flip_crop": _PADDING + 1,
    "course": _HOLE // 2,
}


FLIPPED_FIRST = (1,)
"""The spawn key of the seed that decides which images an `AlternatingFlip` flips first.

So that follows from the seed of the pipeline alone, whatever else is drawn from it.
"""


@dataclass(frozen=True)
class Flip:
    """Mirror left and right with probability `p`."""

    p: float


@dataclass(frozen=True)
class AlternatingFlip:
    """Mirror left and right in every second epoch, in the even or in the odd ones: for each image at random."""


@dataclass(frozen=True)
class ShiftScaleRotate:
    """Scale and rotate around the centre, then shift; all of it with probability `p`.

    Each is uniform: the shift in shares of the width and of the height, from -`shift` to `shift`, the factor from
    1 - `scale` to 1 + `scale`, the angle in degrees from -`rotate` to `rotate`. Bilinear; what lies outside the
    image is reflected, the outermost pixels not repeated.
    """

    shift: float
    scale: float
    rotate: float
    p: float


@dataclass(frozen=True)
class Border:
    """Pad on all sides to a size: with reflected pixels, the outermost not repeated, or with black.

    The smaller half of an odd difference comes above and to the left.
    """

    size: Size
    reflected: bool

    def around(self, size: Size) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return how many rows come above and below images of a size, and how many columns left and right."""
        (top, left), (rows, columns) = _middle(size, self.size), self.size
        return (top, rows - size[0] - top), (left, columns - size[1] - left)


@dataclass(frozen=True)
class Hole:
    """With probability `p`, set a square of `side` pixels to a colour, anywhere that it fits whole."""

    side: int
    colour: Colour
    p: float


@dataclass(frozen=True)
class RandomCrop:
    """Keep a window of a size, each place equally likely."""

    size: Size


@dataclass(frozen=True)
class CentreCrop:
    """Keep the window of a size in the middle; what `Border` added, it removes."""

    size: Size

    def before(self, size: Size) -> Size:
        """Return how many rows lie above the window and how many columns to its left, in images of a size."""
        return _middle(self.size, size)


@dataclass(frozen=True)
class Cutout:
    """Set a square of `side` pixels to a colour; its centre is any pixel, so that parts may fall outside.

    Of an even side, the larger half lies above and to the left of its centre. A square around a uniform centre is
    that of DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout" (2017).
    """

    side: int
    colour: Colour


Step = Flip | AlternatingFlip | ShiftScaleRotate | Border | Hole | RandomCrop | CentreCrop | Cutout


def _middle(inner: Size, outer: Size) -> Size:
    return (outer[0] - inner[0]) // 2, (outer[1] - inner[1]) // 2


@dataclass(frozen=True)
class Pipeline:
    """What is done to images of one size, step after step: made by `augmentation`."""

    steps: tuple[Step, ...]
    size: Size
    seed: int

    def check(self, size: Size, batch_size: int) -> None:
        """Raise ArchsearchError for images of another size than the pipeline's, and a batch size below 1."""
        if batch_size < 1:
            raise ArchsearchError(f"the batch size is {batch_size}; it must be at least 1")
        if size != self.size:
            raise ArchsearchError(
                f"the images are {shape_text(size)}; the augmentation is made for {shape_text(self.size)} "
                "(height x width)",
                remedy="give `augmentation` the size of the images",
            )


def augmentation(
    name: str, *, cutout: int = 0, mean: tuple[float, float, float], size: Size, seed: int = 0
) -> Pipeline:
    """Name what is done to images of a size (height, width) whose colours have this mean (0..1).

    - "none": nothing
    - "crop": 4 pixels of reflected border, then a random crop back to the size
    - "flip_crop": a horizontal flip of half the images, then "crop"
    - "alternating_flip_crop": each image is flipped in every second epoch, then "crop"
    - "course": flip of half the images; shift by up to a sixteenth, scale by up to a fifth and rotation by up to
      10 degrees, of a fifth of them; black border to twice the sides; one hole of 16 x 16 in the mean colour,
      anywhere in a fifth of them, border included; the border is removed

    Then, if `cutout` is not 0, a square of that side in pixels is set to the mean colour.

    Raises ArchsearchError for another name, and what `check_size` raises.

    >>> augmentation("crop", mean=(0.5, 0.5, 0.5), size=(32, 32)).steps
    (Border(size=(40, 40), reflected=True), RandomCrop(size=(32, 32)))
    """
    check_size(name, size, cutout)
    red, green, blue = (round(255 * value) for value in mean)
    colour = (red, green, blue)
    last = (Cutout(cutout, colour),) if cutout else ()
    return Pipeline((*_steps(size, colour)[name], *last), size, seed)


def check_size(name: str, size: Size, cutout: int = 0) -> None:
    """Raise TrainingError for images (height, width) too small for an augmentation; it says what works.

    Raises it too for a pipeline of an earlier version, and ArchsearchError for a name that there is not.

    >>> check_size("crop", (4, 32))
    Traceback (most recent call last):
    archsearch.errors.TrainingError: the augmentation `crop` needs sides of at least 5 pixels; the images are 4x32
      --augmentation none works on them
    """
    if successor := WITHDRAWN.get(name):
        raise TrainingError(
            f"the augmentation `{name}` was another pipeline in version 0.1, which is withdrawn",
            remedy=f"--augmentation {successor} takes its place",
        )
    if name not in AUGMENTATIONS:
        raise ArchsearchError(f"there is no augmentation `{name}`", remedy=suggest(name, AUGMENTATIONS))
    if unmet := _unmet(name, size):
        message = f"the augmentation `{name}` {unmet}; the images are {shape_text(size)}"
        *_, works = (other for other in AUGMENTATIONS if not _unmet(other, size))
        raise TrainingError(message, remedy=f"--augmentation {works} works on them")
    if unmet := _erases_too_much(cutout, size):
        message = f"the cutout of {cutout} pixels {unmet}; the images are {shape_text(size)}"
        largest = max(side for side in range(cutout) if not _erases_too_much(side, size))
        raise TrainingError(message, remedy=f"a cutout of {largest} is the largest that works on them")


def _unmet(name: str, size: Size) -> str:
    """Say what an augmentation needs that images of a size do not meet, or nothing."""
    least = _LEAST_SIDE.get(name, 1)
    if min(size) < least:
        return f"needs sides of at least {least} pixels"
    # Refused, not given a smaller hole: results are kept by the name of their augmentation.
    return _erases_too_much(_HOLE, size) if name == "course" else ""


def _erases_too_much(side: int, size: Size) -> str:
    height, width = min(side, size[0]), min(side, size[1])
    too_much = 2 * height * width > size[0] * size[1]
    return f"may erase {shape_text((height, width))} pixels, more than half of an image" if too_much else ""


def _steps(size: Size, colour: Colour) -> dict[str, tuple[Step, ...]]:
    height, width = size
    crop = (Border((height + 2 * _PADDING, width + 2 * _PADDING), reflected=True), RandomCrop(size))
    return {
        "none": (),
        "crop": crop,
        "flip_crop": (Flip(0.5), *crop),
        "alternating_flip_crop": (AlternatingFlip(), *crop),
        "course": (
            Flip(0.5),
            ShiftScaleRotate(shift=0.0625, scale=0.2, rotate=10, p=0.2),
            Border((2 * height, 2 * width), reflected=False),
            Hole(_HOLE, colour, p=0.2),
            CentreCrop(size),
        ),
    }
