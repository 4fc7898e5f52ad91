"""Files of tensors with a page of plain values: what a training has reached, and the weights of a network.

The format is safetensors', which holds no code; the values are JSON in the metadata of the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from archsearch.errors import TrainingError

_KEY = "archsearch"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Tensors by name, and plain values."""

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]

    def write(self, path: Path) -> None:
        """Write the file, beside its place and then into it: what stood there stays until the new one is whole.

        Raises TrainingError where it cannot be written.
        """
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.tensors.items()}
        # Not by safetensors' own writing, which lets nobody else read the file.
        write_whole(path, save(tensors, {_KEY: json.dumps(dict(self.values))}))

    @staticmethod
    def read(path: Path) -> Checkpoint:
        """Read what `write` wrote; raises TrainingError for a file that cannot be read or is none of ours."""
        try:
            with safe_open(path, "pt") as file:
                values = json.loads((file.metadata() or {})[_KEY])
                return Checkpoint({name: file.get_tensor(name) for name in file.keys()}, values)  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            reason = "it was not written by archsearch" if isinstance(error, KeyError) else error
            remedy = "give a file that `archsearch train --weights` wrote"
            raise TrainingError(f"`{path}` cannot be read: {reason}", remedy=remedy) from None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, beside its place and then into it: what stood there stays until the new one is whole.

    Raises TrainingError where it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            # Or a power failure could leave the name of the new file with none of its content.
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        remedy = "make room there, or write where you may; what stood there before is kept"
        raise TrainingError(f"`{path}` cannot be written: {error}", remedy=remedy) from None
