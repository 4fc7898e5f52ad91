"""Pickles of CIFAR-10 that are not what they should be."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
from examples.image_files import REPLACE, error_of, write_torchvision

from archsearch.data.cifar10 import TORCHVISION_FOLDER
from archsearch.data.images import Images


def test_a_pickle_missing_truncated_or_of_something_else(
    tmp_path: Path, small_cifar10: tuple[Images, Images]
) -> None:
    folder = write_torchvision(tmp_path, *small_cifar10)
    file = folder / TORCHVISION_FOLDER / "data_batch_3"
    intact = file.read_bytes()
    for length in range(0, len(intact), len(intact) // 20):
        file.write_bytes(intact[:length])
        text = error_of(folder)
        assert text.startswith("this pickle cannot be read: ")
        assert text.endswith(f"\n  at {file}\n{REPLACE}")
    file.write_bytes(pickle.dumps(["not", "a", "dictionary"]))
    assert error_of(folder) == f"this pickle does not hold a dictionary\n  at {file}\n{REPLACE}"
    not_a_batch = (
        "this is not a CIFAR-10 batch; `data` must be N x 3072 bytes and `labels` N numbers 0..9\n"
        f"  at {file}\n{REPLACE}"
    )
    rows = np.zeros((2, 3072), np.uint8)
    for batch in (
        {},
        {"data": rows, "labels": [0]},
        {"data": rows, "labels": [0, 10]},
        {"data": rows[:, 1:], "labels": [0, 1]},
        {"data": rows[0], "labels": [0] * 3072},
    ):
        file.write_bytes(pickle.dumps(batch))
        assert error_of(folder) == not_a_batch
    file.write_bytes(pickle.dumps({"data": rows.astype(np.float32)}))
    assert error_of(folder) == (
        "this pickle cannot be read: it holds an array of type 'f4' where bytes were expected\n"
        f"  at {file}\n{REPLACE}"
    )
    file.unlink()
    assert error_of(folder) == (
        f"a file of torchvision's CIFAR-10 is missing\n  at {file}\n  unpack cifar-10-python.tar.gz again"
    )


class _Foreign:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.witness),)


def test_code_in_a_pickle_is_never_run(tmp_path: Path, small_cifar10: tuple[Images, Images]) -> None:
    folder = write_torchvision(tmp_path, *small_cifar10)
    file = folder / TORCHVISION_FOLDER / "batches.meta"
    file.write_bytes(pickle.dumps({"label_names": _Foreign(tmp_path / "witness")}))
    assert error_of(folder) == (
        f"this pickle cannot be read: it asks for `posix.mkdir`, which images do not need\n  at {file}\n{REPLACE}"
    )
    assert not (tmp_path / "witness").exists()
    file.write_bytes(pickle.dumps({"label_names": ["one", "two"]}))
    assert error_of(folder) == f"the class names are not CIFAR-10's\n  at {file}\n{REPLACE}"
