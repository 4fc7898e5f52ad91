"""Datasets as folders of images, one for each class."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from archsearch.data.cifar10 import TORCHVISION_FOLDER
from archsearch.data.dataset import Contents, Source
from archsearch.data.images import decode, gathered, one_shape
from archsearch.errors import DataError

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


LAYOUTS = (
    "three layouts are read:\n"
    f"    torchvision's CIFAR-10: {TORCHVISION_FOLDER}/ with data_batch_1..5, test_batch, batches.meta\n"
    "    Hugging Face Parquet: train-*-of-*.parquet, test-*-of-*.parquet, here or in data/ or plain_text/\n"
    "    class folders: train/<class>/*.png and test/<class>/*.png (or val/, valid/; jpg, jpeg, bmp, webp)"
)


def folders_source(folder: Path) -> Source:
    """Recognise train/<class>/ and what is measured on beside it; raises DataError for what is missing."""
    others = [folder / name for name in ("test", "val", "valid") if (folder / name).is_dir()]
    if len(others) > 1:
        raise DataError(
            f"{' and '.join(f'{side.name}/' for side in others)} stand beside train/; one of them is measured on",
            place=str(folder),
            remedy="move the others away, or into train/: a search holds images out of train/ itself",
        )
    if not others:
        raise DataError(
            "`train` has no folder to measure on beside it",
            place=str(folder),
            remedy="add test/<class>/ (or val/, valid/) with images",
        )
    sides = (folder / "train", others[0])
    names = [{entry.name for entry in _visible(side) if entry.is_dir()} for side in sides]
    for name in sorted(names[0] ^ names[1]):
        here, there = sides if name in names[0] else reversed(sides)
        raise DataError(
            f"class `{name}` is in {here.name}/ but not in {there.name}/",
            place=str(there / name),
            remedy="both sides must have the same classes",
        )
    classes = tuple(sorted(names[0]))
    if len(classes) < 2:
        raise DataError(
            f"a dataset needs at least 2 classes; found {len(classes)}", place=str(sides[0]), remedy=LAYOUTS
        )
    train, test = ([(file, k) for k, name in enumerate(classes) for file in _files(side / name)] for side in sides)
    files = tuple(file for file, _ in train + test)
    return Source(folder, files, partial(_read_class_folders, folder, classes, train, test))


def _visible(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    files = _visible(folder)
    for file in files:
        if not file.is_file() or file.suffix.lower() not in _SUFFIXES:
            raise DataError(
                f"a class folder holds images only ({', '.join(_SUFFIXES)})",
                place=str(file),
                remedy="convert it, or move it out of the dataset",
            )
    if not files:
        raise DataError(
            "this class has no images",
            place=str(folder),
            remedy="add images, or remove the class on both sides",
        )
    return files


def _read_class_folders(
    folder: Path, classes: tuple[str, ...], train: list[tuple[Path, int]], test: list[tuple[Path, int]]
) -> Contents:
    sides = [[(str(file), decode(file, str(file)), label) for file, label in side] for side in (train, test)]
    one_shape(sides[0] + sides[1])
    return Contents(folder.resolve().name, classes, gathered(sides[0]), gathered(sides[1]))
