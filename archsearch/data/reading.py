"""A source to a dataset: all images decoded, all that is wrong told at once, all that was done to them said."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import psutil
from PIL import Image

from archsearch.data.copies import content_key, leaks
from archsearch.data.dataset import Dataset
from archsearch.data.decode import decode
from archsearch.data.images import Images, Pixels, size_of
from archsearch.data.source import LAYOUTS, SIDES, Contents, Encoded, Side, Source
from archsearch.data.torchvision import known_name
from archsearch.errors import DataError, suggest

_SHOWN = 10


class _Read(NamedTuple):
    """One decoded image."""

    place: str
    pixels: Pixels
    class_name: str


def read(source: Source, size: tuple[int, int] | None = None) -> Dataset:
    """Decode the images of a source, brought to a size (height, width) if one is given.

    The notes of the dataset say what was done to images and what is odd about them. Raises DataError for images
    that cannot be used (it lists the first ten and counts the others) or are of several sizes, for classes that
    cannot be trained, and where the images do not fit into memory.
    """
    contents = source.open()
    sides, changes = _decoded(source, contents, size)
    _check_sizes(sides, source)
    _check_classes(contents.classes, sides, source)
    labels = {name: label for label, name in enumerate(contents.classes)}
    images = {
        side: Images(np.stack([one.pixels for one in read]), np.array([labels[one.class_name] for one in read]))
        for side, read in sides.items()
    }
    keyed = (
        (side, label, _inside(one.place, source), content_key(one.pixels, label))
        for side, read in sides.items()
        for one, label in zip(read, images[side].labels.tolist(), strict=True)
    )
    name, classes, part = known_name(source.name, contents.classes, images)
    resized = any(change.startswith("resized") for change in changes)
    _, height, width = images["train"].shape
    notes = (
        *contents.notes,
        *part,
        *(_said(change, count) for change, count in changes.items()),
        *_absent(contents.classes, sides),
        *leaks(keyed),
    )
    name = f"{name}-{width}x{height}" if resized else name
    return Dataset.of(name, classes, images["train"], images.get("validation"), images.get("test"), notes)


def _said(change: str, count: int) -> str:
    return f"1 image is {change}" if count == 1 else f"{count:,} images are {change}"


def _decoded(
    source: Source, contents: Contents, size: tuple[int, int] | None
) -> tuple[Mapping[Side, list[_Read]], Counter[str]]:
    """Decode every image, and count what was done to how many of them."""
    refused: list[DataError] = []
    changes: Counter[str] = Counter()
    room = available() // 2  # all images are in memory twice while they are stacked

    def usable(encoded: Iterable[Encoded]) -> Iterator[_Read]:
        nonlocal room
        for one in encoded:
            try:
                if isinstance(one.data, DataError):
                    raise one.data
                pixels, changed = decode(one.data, size)
            except DataError as error:
                refused.append(DataError(error.message, place=one.place, remedy=error.remedy))
                continue
            changes.update(changed)
            room -= pixels.nbytes
            if room < 0:
                raise _too_many(pixels, source)
            yield _Read(one.place, pixels, one.class_name)

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        sides = {side: list(usable(contents.sides[side])) for side in SIDES if side in contents.sides}
    if refused:
        raise _all_of(refused, sum(map(len, sides.values())) + len(refused), source)
    return sides, changes


def available() -> int:
    """Return the bytes of memory that this machine has to spare."""
    return int(psutil.virtual_memory().available)


def _all_of(refused: Sequence[DataError], images: int, source: Source) -> DataError:
    """Return one error for all images that cannot be used."""
    if len(refused) == 1:
        return refused[0]
    shown = [f"    {_inside(error.place, source)}: {error.message}" for error in refused[:_SHOWN]]
    more = [f"    and {len(refused) - _SHOWN:,} more"] if len(refused) > _SHOWN else []
    message = "\n".join([f"{len(refused):,} of the {images:,} images cannot be used:", *shown, *more])
    remedies = dict.fromkeys(error.remedy or "" for error in refused)
    return DataError(message, place=str(source.folder), remedy="; ".join(remedies))


def _inside(place: object, source: Source) -> str:
    return str(place).removeprefix(f"{source.folder}/")


def _too_many(pixels: Pixels, source: Source) -> DataError:
    return DataError(
        f"the images do not fit into memory; one of them is {size_of(pixels)} pixels",
        place=str(source.folder),
        remedy="bring them to a smaller size, as in --size 64",
    )


def _check_sizes(sides: Mapping[Side, Sequence[_Read]], source: Source) -> None:
    places: dict[str, list[str]] = {}
    for one in chain.from_iterable(sides.values()):
        places.setdefault(size_of(one.pixels), []).append(one.place)
    if len(places) > 1:
        common = sorted(places, key=lambda size: -len(places[size]))
        shown = [f"{size} ({len(places[size]):,}, such as {_inside(places[size][0], source)})" for size in common]
        more = f" and {len(shown) - 3:,} more" if len(shown) > 3 else ""
        most = len(places[common[0]]) * 2 >= sum(map(len, places.values()))
        usual = common[0] if most else "64"
        raise DataError(
            f"the images are of {len(places):,} sizes: {', '.join(shown[:3])}{more}",
            place=str(source.folder),
            remedy=f"bring them to one size, as in --size {usual}",
        )


def _check_classes(classes: Sequence[str], sides: Mapping[Side, Sequence[_Read]], source: Source) -> None:
    place = str(source.folder)
    for side, images in sides.items():
        if not images:
            raise DataError(f"the {side} side holds no images", place=place, remedy="add images, or remove it")
    if len(classes) < 2:
        raise DataError(f"a dataset needs at least 2 classes; found {len(classes)}", place=place, remedy=LAYOUTS)
    trained = {one.class_name for one in sides["train"]}
    for side, images in sides.items():
        for one in images:
            if one.class_name not in trained:
                message = f"class `{one.class_name}` is among the {side} images but not among those to train on"
                raise DataError(message, place=one.place, remedy=suggest(one.class_name, trained))
    for name in classes:
        if name not in trained:
            remedy = "add images of it, or remove the class"
            raise DataError(f"class `{name}` has no training images", place=place, remedy=remedy)


def _absent(classes: Sequence[str], sides: Mapping[Side, Sequence[_Read]]) -> Iterator[str]:
    """Say which classes are not measured."""
    for side, images in sides.items():
        found = {one.class_name for one in images}
        absent = [f"`{name}`" for name in classes if name not in found]
        if absent:
            more = f" and {len(absent) - _SHOWN:,} more" if len(absent) > _SHOWN else ""
            yield f"the {side} side has no images of {', '.join(absent[:_SHOWN])}{more}"
