"""Augmentation of tensors on their device, a batch at a time: no step waits for the device or loops over images.

Images are uint8 tensors N x H x W x 3 here, as arrays are: so the numbers of a pixel lie together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from archsearch.training.augmentation import (
    FLIPPED_FIRST,
    AlternatingFlip,
    Border,
    CentreCrop,
    Cutout,
    Flip,
    Hole,
    Pipeline,
    RandomCrop,
    ShiftScaleRotate,
    Step,
)

if TYPE_CHECKING:
    from archsearch.training.augmentation import Colour

Augment = Callable[[Tensor, Tensor], Tensor]
"""From images N x H x W x 3 and their positions among all images to images of the pipeline's size."""


def augmenter(pipeline: Pipeline, *, images: int, epoch: int, generator: torch.Generator) -> Augment:
    """Return what augments batch after batch of one epoch over so many images, on the device of the generator.

    What is drawn follows from the generator, which calls change: the batches must come in order.
    """
    flipped = _flipped_in(epoch, images, pipeline.seed, generator.device)

    def augment(pixels: Tensor, positions: Tensor) -> Tensor:
        draw = _Draw(len(pixels), generator)
        for step in pipeline.steps:
            pixels = _applied(step, pixels, flipped[positions], draw)
        return pixels.contiguous()

    return augment


@dataclass(frozen=True)
class _Draw:
    """Random numbers, one for each image of a batch."""

    count: int
    generator: torch.Generator

    def happens(self, p: float) -> Tensor:
        return self._uniform() < p

    def within(self, limit: float) -> Tensor:
        """Draw uniformly from -limit to limit."""
        return (2 * self._uniform() - 1) * limit

    def below(self, limit: int) -> Tensor:
        """Draw whole numbers from 0 to below a limit."""
        return torch.randint(limit, (self.count,), generator=self.generator, device=self.generator.device)

    def _uniform(self) -> Tensor:
        return torch.rand(self.count, generator=self.generator, device=self.generator.device)


def _applied(step: Step, pixels: Tensor, flipped: Tensor, draw: _Draw) -> Tensor:
    _, height, width, _ = pixels.shape
    match step:
        case Flip(p):
            return _where(draw.happens(p), pixels.flip(2), pixels)
        case AlternatingFlip():
            return _where(flipped, pixels.flip(2), pixels)
        case ShiftScaleRotate(shift, scale, rotate, p):
            # The others get the identity, which gives back their very pixels.
            happens = draw.happens(p)
            x, y = draw.within(shift * width) * happens, draw.within(shift * height) * happens
            factor = 1 + draw.within(scale) * happens
            return affine(pixels, angle=draw.within(rotate) * happens, scale=factor, x=x, y=y)
        case Border():
            return _with_border(step, pixels)
        case Hole(side, colour, p):
            top, left = draw.below(height - side + 1), draw.below(width - side + 1)
            hole = _square(side, top, left, pixels) & draw.happens(p)[:, None, None]
            return torch.where(hole[..., None], _tensor_of(colour, pixels), pixels)
        case RandomCrop((rows, columns)):
            top, left = draw.below(height - rows + 1), draw.below(width - columns + 1)
            return _windows(pixels, top, left, rows, columns)
        case CentreCrop((rows, columns)):
            above, before = step.before((height, width))
            return pixels[:, above : above + rows, before : before + columns]
        case Cutout(side, colour):
            square = _square(side, draw.below(height) - side // 2, draw.below(width) - side // 2, pixels)
            return torch.where(square[..., None], _tensor_of(colour, pixels), pixels)


def _where(condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(condition[:, None, None, None], yes, no)


def _flipped_in(epoch: int, images: int, seed: int, device: torch.device) -> Tensor:
    """Return which of so many images are flipped in an epoch; it depends on the seed and whether that is odd."""
    state = np.random.SeedSequence(seed, spawn_key=FLIPPED_FIRST).generate_state(1, np.uint64)
    generator = torch.Generator(device).manual_seed(int(state[0]))
    first = torch.randint(2, (images,), generator=generator, device=device)
    return (first + epoch) % 2 == 1


def affine(pixels: Tensor, *, angle: Tensor, scale: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return images scaled, rotated (counter-clockwise, degrees) around their centre, then shifted (pixels).

    Each with its own numbers; bilinear, and reflected outside without repeating the outermost pixels.
    """
    _, height, width, _ = pixels.shape
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    # From each pixel of the result back to where it comes from, both measured from the centre.
    to_x = torch.arange(width, device=pixels.device)[None, None, :] - middle_x - x[:, None, None]
    to_y = torch.arange(height, device=pixels.device)[None, :, None] - middle_y - y[:, None, None]
    turn = torch.deg2rad(angle)
    cosine, sine = (torch.cos(turn) / scale)[:, None, None], (torch.sin(turn) / scale)[:, None, None]
    from_x, from_y = cosine * to_x - sine * to_y, sine * to_x + cosine * to_y
    grid = torch.stack([from_x / middle_x, from_y / middle_y], dim=-1)
    channels_first = pixels.permute(0, 3, 1, 2).float()
    sampled = grid_sample(channels_first, grid, mode="bilinear", padding_mode="reflection", align_corners=True)
    return sampled.round().to(torch.uint8).permute(0, 2, 3, 1)


def _with_border(border: Border, pixels: Tensor) -> Tensor:
    _, height, width, _ = pixels.shape
    (top, bottom), (left, right) = border.around((height, width))
    if not border.reflected:
        return pad(pixels, (0, 0, left, right, top, bottom))
    # torch reflects no bytes.
    rows, columns = border.size
    row, column = _reflected(top, height, rows, pixels), _reflected(left, width, columns, pixels)
    return pixels[:, row[:, None], column]


def _reflected(before: int, inside: int, length: int, pixels: Tensor) -> Tensor:
    position = (torch.arange(length, device=pixels.device) - before).abs()
    last = inside - 1
    return last - (last - position).abs()


def _windows(pixels: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    image = torch.arange(len(pixels), device=pixels.device)
    row = top[:, None] + torch.arange(height, device=pixels.device)
    column = left[:, None] + torch.arange(width, device=pixels.device)
    return pixels[image[:, None, None], row[:, :, None], column[:, None, :]]


def _square(side: int, top: Tensor, left: Tensor, pixels: Tensor) -> Tensor:
    """Return which pixels of each image a square covers, parts of which may lie outside: N x H x W."""
    _, height, width, _ = pixels.shape
    down = torch.arange(height, device=pixels.device) - top[:, None]
    right = torch.arange(width, device=pixels.device) - left[:, None]
    rows, columns = (down >= 0) & (down < side), (right >= 0) & (right < side)
    return rows[:, :, None] & columns[:, None, :]


def _tensor_of(colour: Colour, pixels: Tensor) -> Tensor:
    # Filled on the device: a tensor of a list would be copied there, which waits.
    return torch.stack([torch.full((), value, dtype=torch.uint8, device=pixels.device) for value in colour])
