"""The datasets that torchvision downloads, in the folders that it leaves."""

from __future__ import annotations

import gzip
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from examples.image_files import (
    REPLACE,
    as_set,
    error_of,
    make_official,
    random_images,
    write_torchvision,
)
from torchvision.datasets import CIFAR10, CIFAR100, MNIST, FashionMNIST

from archsearch.data import torchvision
from archsearch.data.images import Images
from archsearch.data.load import load_data
from archsearch.data.torchvision import CIFAR10_FOLDER

pytestmark = pytest.mark.usefixtures("cache")


def write_idx(file: Path, content: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    start = bytes([0, 0, 8, content.ndim]) + b"".join(size.to_bytes(4) for size in content.shape)
    written = start + content.tobytes()
    file.write_bytes(gzip.compress(written) if file.suffix == ".gz" else written)


def write_mnist(raw: Path, suffix: str = "") -> tuple[Images, Images]:
    sides = []
    for word, count in (("train", 40), ("t10k", 20)):
        grey = random_images(count, 10, seed=count, size=(28, 28))
        content = Images(np.repeat(grey.pixels[..., :1], 3, axis=3), grey.labels)
        write_idx(raw / f"{word}-images-idx3-ubyte{suffix}", content.pixels[..., 0])
        write_idx(raw / f"{word}-labels-idx1-ubyte{suffix}", content.labels.astype(np.uint8))
        sides.append(content)
    return sides[0], sides[1]


def test_the_checksums_are_those_of_torchvision() -> None:
    for dataset in (CIFAR10, CIFAR100):
        files = [*dataset.train_list, *dataset.test_list, (dataset.meta["filename"], dataset.meta["md5"])]
        for name, checksum in files:
            assert torchvision.CHECKSUMS[f"{dataset.base_folder}/{name}"] == checksum


def test_cifar10_by_its_folder_and_by_the_one_above(
    tmp_path: Path, small_cifar10: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_torchvision(tmp_path, *small_cifar10, monkeypatch)
    assert load_data(folder).digest == load_data(folder / CIFAR10_FOLDER).digest


def test_cifar100(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    names = [f"class {number:02}" for number in range(20)]
    content = {"train": random_images(60, 20, seed=1), "test": random_images(20, 20, seed=2)}
    for side, images in content.items():
        rows = images.pixels.transpose(0, 3, 1, 2).reshape(len(images), 3072)
        batch = {"data": rows, "fine_labels": images.labels.tolist(), "coarse_labels": [0] * len(images)}
        (folder / side).write_bytes(pickle.dumps(batch))
    (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": names, "coarse_label_names": ["x"]}))
    make_official(monkeypatch, folder)
    dataset = load_data(tmp_path)
    assert (dataset.name, dataset.classes) == ("cifar100", tuple(names))
    assert as_set(dataset.train) == as_set(content["train"])
    assert as_set(dataset.test) == as_set(content["test"])


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("dataset", [MNIST, FashionMNIST])
def test_mnist_and_fashion_mnist(tmp_path: Path, dataset: type[MNIST], suffix: str) -> None:
    train, test = write_mnist(tmp_path / dataset.__name__ / "raw", suffix)
    found = load_data(tmp_path)
    assert (found.name, found.shape) == (dataset.__name__.lower(), (3, 28, 28))
    # torchvision writes MNIST's as "0 - zero".
    assert [name.split(" - ")[0] for name in dataset.classes] == list(found.classes)
    assert as_set(found.train) == as_set(train)
    assert as_set(found.test) == as_set(test)
    assert load_data(tmp_path / dataset.__name__).digest == found.digest


def test_fashion_mnist_by_the_folder_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "FashionMNIST" / "raw"
    write_mnist(raw)
    monkeypatch.chdir(raw)
    found = load_data(".")
    assert (found.name, found.classes[0]) == ("fashionmnist", "T-shirt/top")


def test_two_datasets_in_a_folder(
    tmp_path: Path, small_cifar10: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_torchvision(tmp_path, *small_cifar10, monkeypatch)
    write_mnist(tmp_path / "MNIST" / "raw")
    assert error_of(tmp_path) == (
        f"there are 2 datasets: cifar10, mnist\n  at {tmp_path}\n"
        f"  name one of them, as in --data {tmp_path / CIFAR10_FOLDER}"
    )


def test_an_idx_file_that_is_not_whole(tmp_path: Path) -> None:
    write_mnist(tmp_path / "raw")
    file = tmp_path / "raw" / "train-images-idx3-ubyte"
    intact = file.read_bytes()
    too_large = intact[:4] + b"\xff" * 12 + intact[16:]
    for damaged in (b"", intact[:10], intact[:-1], intact + b"0", b"\0\0\x0d\3" + intact[4:], too_large):
        file.write_bytes(damaged)
        assert error_of(tmp_path) == (
            f"this is no IDX file of bytes in 3 dimensions, or not the whole of it\n  at {file}\n{REPLACE}"
        )
    file.rename(file.with_name("train-images-idx3-ubyte.gz"))
    assert error_of(tmp_path) == (
        f"this file cannot be read: Not a gzipped file (b'\\x00\\x00')\n  at {file}.gz\n{REPLACE}"
    )
    file.with_name("train-images-idx3-ubyte.gz").unlink()
    assert error_of(tmp_path) == f"a file of MNIST's layout is missing\n  at {file}\n  download it again"


def test_labels_that_do_not_fit_their_images(tmp_path: Path) -> None:
    write_mnist(tmp_path / "raw")
    file = tmp_path / "raw" / "train-labels-idx1-ubyte"
    write_idx(file, np.full(40, 10, np.uint8))
    assert error_of(tmp_path) == (
        f"label 10 has no class name; there are 10 classes, from 0\n  at {file}\n{REPLACE}"
    )
    write_idx(file, np.zeros(39, np.uint8))
    assert error_of(tmp_path) == f"40 images have 39 labels\n  at {file}\n{REPLACE}"


class _Foreign:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.mkdir, (self.witness,)


def test_a_pickle_that_is_not_the_authors_is_never_opened(
    tmp_path: Path, small_cifar10: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_torchvision(tmp_path, *small_cifar10, monkeypatch)
    file = folder / CIFAR10_FOLDER / "data_batch_3"
    official = torchvision.CHECKSUMS[f"{CIFAR10_FOLDER}/data_batch_3"]
    for content in (file.read_bytes()[:-1], b"", pickle.dumps(_Foreign(tmp_path / "witness"))):
        file.write_bytes(content)
        text = error_of(folder)
        assert text.startswith("this is not the authors' file: its MD5 checksum is ")
        assert text.endswith(f", not {official}\n  at {file}\n  unpack the archive again")
    assert not (tmp_path / "witness").exists()
    file.unlink()
    if sys.platform == "linux":
        file.symlink_to("/proc/self/mem")  # a file that nobody can read from its start
        assert error_of(folder) == (
            f"this file cannot be read: Input/output error\n  at {file}\n  check its permissions"
        )
        file.unlink()
    assert error_of(folder) == (f"a file of {CIFAR10_FOLDER} is missing\n  at {file}\n  unpack its archive again")
