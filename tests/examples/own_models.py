"""A user's Python file with torch modules: some that can be traced, and many that cannot."""

from __future__ import annotations

from pathlib import Path

MODELS = """\
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, channels=3):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3)
        self.head = nn.Linear(4, 10)
    def forward(self, image):
        return self.head(self.conv(image).relu().mean((2, 3)))
class Sorting(Net):
    def forward(self, image):
        return self.head(self.conv(image).sort(-1)[0].cumsum(2).mean((2, 3)))
class Of(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(3))
    def forward(self, image):
        return self.function(image)
class Two(nn.Module):
    def forward(self, image, other):
        return image + other
class Broken(nn.Module):
    def __init__(self):
        raise RuntimeError("no weights here")
def narrowed(image):
    raise ValueError("three channels\\nare too many")
def wordless(image):
    assert image.shape[1] == 1
def branching(image):
    if image.sum() > 0:
        return image
def scaled(image):
    return image * float(image[0, 0, 0, 0])
def cropped(image):
    return image[..., : int(image.max().item())]
def brightened(image):
    return image * image.max().item()
def masked(image):
    return image[image > 0]
def nothing():
    pass
gray = Net(1)
signal = Of(nn.Conv1d(3, 4, 3))
lazy = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU())
ids, meta = nn.Embedding(5, 3), nn.Conv2d(3, 4, 3, device="meta")
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.deep, self.early = nn.Conv2d(3, 4, 11), nn.Conv2d(3, 4, 3)
    def forward(self, image):
        return {"out": self.deep(image), "aux": self.early(image)}
def scripted():
    import warnings
    warnings.simplefilter("ignore")
    return torch.jit.script(nn.ReLU())
fails, asserts = Of(narrowed), Of(wordless)
branches, scales, crops = Of(branching), Of(scaled), Of(cropped)
brightens, masks = Of(brightened), Of(masked)
blind, zeros = Of(lambda image: torch.ones(3)), Of(torch.zeros_like)
silent, counting = Of(lambda image: None), Of(lambda image: image.shape[1])
weights = Of(lambda image: 2 * weights.weight)
uneven = Of(lambda image: torch.cat([image, nn.functional.avg_pool2d(image, 3, 1, 1)], 1)[:, :3])
number, layers = 3, [nn.ReLU()]
"""


def write_models(folder: Path) -> None:
    """Write them to `my.py` in a folder."""
    (folder / "my.py").write_text(MODELS)
