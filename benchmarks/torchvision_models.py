"""The table of docs/torchvision.md: the analyzer's figures for every classification model of torchvision.

`python benchmarks/torchvision_models.py > docs/torchvision.md` updates it; names after it choose models. The
models are built on torch's meta device, without memory for their weights, and nothing is downloaded.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator

import torch
import torchvision
from torchvision.models import Weights, WeightsEnum, get_model, get_model_weights, list_models

from archsearch import Profile, analyze
from archsearch.analysis.figures import is_upper_bound
from archsearch.analysis.op_profile import OpProfile

HEAD = f"""# The classification models of torchvision

Made by `python benchmarks/torchvision_models.py > docs/torchvision.md`, with torchvision {torchvision.__version__}
and torch {torch.__version__}: every model at the crop size of each of its weights.

- *rf* and *stride*: of a unit of the last map, unclipped, along paths without global operations.
- *at most*: an upper bound, because channels are split after a concatenation, or because attention in windows may
  mask some of its tokens.
- *sees all from*: the first operation a unit of which sees as much of the image as all units together.
- *global*: the first operation that sees a whole axis at once, whatever the receptive field is by then.
- *differ*: params less the sum over torch's own parameters.
- *published*: torchvision's own figure, `Weights.meta["_ops"]`, which has three decimals. It has the MACs of Swin
  v2's position bias too, which is computed from weights alone, for a batch of any size.
"""
COLUMNS = ["model", "input", "rf", "stride", "last map", "sees all from", "global", "params", "differ"]
COLUMNS += ["GMACs", "published"]


def main(chosen: list[str]) -> None:
    """Print the page."""
    print(HEAD)
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + " --- |" * len(COLUMNS))
    for name in chosen or list_models(module=torchvision.models):
        for weights in distinct(name):
            print("| " + " | ".join(line(name, weights.value)) + " |", flush=True)


def distinct(name: str) -> Iterator[WeightsEnum]:
    """Yield one of a model's weights for each crop size."""
    sizes = set()
    for weights in get_model_weights(name):
        size = weights.transforms.keywords["crop_size"]
        if size not in sizes:
            sizes.add(size)
            yield weights


def line(name: str, weights: Weights) -> list[str]:
    """Return the cells of a model at the crop size of some weights."""
    # As their published weights need it: one keeps its auxiliary classifiers, the other does not.
    special = {"googlenet": {"aux_logits": False, "init_weights": False}, "inception_v3": {"init_weights": False}}
    size = weights.transforms.keywords["crop_size"]
    options = {"image_size": size} if name.startswith("vit_") else special.get(name, {})
    # RegNet computes its widths with tensors, which have no values on the meta device.
    device = "cpu" if name.startswith("regnet_") else "meta"
    with torch.device(device), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = get_model(name, weights=None, **options)
    found = analyze(module, (3, size, size))
    assert not found.unknown, found.unknown
    params = sum(parameter.numel() for parameter in module.parameters())
    last = found.last_map
    most = "at most " if is_upper_bound(found, "rf") else ""
    return [
        name,
        str(size),
        f"{most}{found.figures['rf']:,}",
        str(last.stride),
        last.path or last.op,
        where(found, found.first_whole),
        where(found, found.first_global),
        f"{found.figures['params']:,}",
        str(found.figures["params"] - params),
        f"{found.figures['macs'] / 1e9:.3f}",
        f"{weights.meta['_ops']:.3f}",
    ]


def where(found: Profile, row: OpProfile | None) -> str:
    """Return the operation of a row, and its receptive field."""
    if row is None:
        return "none"
    return f"{row.path or 'outermost'}: {row.op} ({'at most ' if row.field.bound else ''}rf {found.rf_by(row):,})"


if __name__ == "__main__":
    main(sys.argv[1:])
