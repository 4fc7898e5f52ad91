"""Datasets as folders of images, one for each class."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from archsearch.data.cifar10 import TORCHVISION_FOLDER
from archsearch.data.dataset import Dataset, Source
from archsearch.data.images import LabelledImage, decode, stack
from archsearch.errors import DataError

LAYOUTS = (
    "three layouts are read:\n"
    f"    torchvision's CIFAR-10: {TORCHVISION_FOLDER}/ with data_batch_1..5, test_batch, batches.meta\n"
    "    Hugging Face Parquet: train-*-of-*.parquet, test-*-of-*.parquet, here or in data/ or plain_text/\n"
    "    class folders: train/<class>/*.png and test/<class>/*.png (or val/, valid/; jpg, jpeg, bmp, webp)"
)

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


def folders_source(folder: Path) -> Source:
    """Recognise train/<class>/ and, beside it, test/, val/ or valid/; raises DataError for what is missing."""
    sides = (folder / "train", _test_folder(folder))
    names = [{entry.name for entry in _visible(side) if entry.is_dir()} for side in sides]
    if names[0] != names[1]:
        name = min(names[0] ^ names[1])
        here, there = sides if name in names[0] else reversed(sides)
        raise DataError(
            f"class `{name}` is in {here.name}/ but not in {there.name}/",
            place=str(there / name),
            remedy="both sides must have the same classes",
        )
    classes = tuple(sorted(names[0]))
    if len(classes) < 2:
        message = f"a dataset needs at least 2 classes; found {len(classes)}"
        raise DataError(message, place=str(sides[0]), remedy=LAYOUTS)
    train, test = (tuple(file for name in classes for file in _image_files(side / name)) for side in sides)
    return Source(folder, train + test, partial(_read_folders, folder, classes, train, test))


def _test_folder(folder: Path) -> Path:
    found = [folder / name for name in ("test", "val", "valid") if (folder / name).is_dir()]
    if not found:
        remedy = "add test/<class>/ (or val/, valid/) with images"
        raise DataError("there is no test folder beside train/", place=str(folder), remedy=remedy)
    if len(found) > 1:
        raise DataError(
            f"{' and '.join(f'{side.name}/' for side in found)} lie beside train/; only one can be the test set",
            place=str(folder),
            remedy="move the others away, or their images into train/: a search holds out some of them itself",
        )
    return found[0]


def _visible(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _image_files(folder: Path) -> list[Path]:
    files = _visible(folder)
    if not files:
        remedy = "add images, or remove the class on both sides"
        raise DataError("this class has no images", place=str(folder), remedy=remedy)
    for file in files:
        if not file.is_file() or file.suffix.lower() not in _SUFFIXES:
            raise DataError(
                f"a class folder holds images only ({', '.join(_SUFFIXES)})",
                place=str(file),
                remedy="convert it, or move it out of the dataset",
            )
    return files


def _read_folders(
    folder: Path, classes: tuple[str, ...], train: tuple[Path, ...], test: tuple[Path, ...]
) -> Dataset:
    sides = (
        [LabelledImage(str(file), decode(file, str(file)), classes.index(file.parent.name)) for file in files]
        for files in (train, test)
    )
    return Dataset.of(folder.resolve().name, classes, *stack(*sides))
