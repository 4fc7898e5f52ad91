"""Published receptive fields, of sentences and of torchvision's models."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest
from examples.console import ROOT
from examples.from_torchvision import torchvision_model, torchvision_models
from examples.published import (
    ALEXNET_MODULES,
    ALEXNET_MORE_PADDING,
    ALEXNET_V2,
    ALEXNET_V2_SENTENCE,
    ALEXNET_V2_WORDS,
    INCEPTION_V3,
    INCEPTION_V3_MODULES,
    MOBILENET_V1_224,
    MOBILENET_V1_224_SENTENCE,
    MOBILENET_V1_321,
    MOBILENET_V1_321_SENTENCE,
    MOBILENET_V1_WORDS,
    VGG_16,
    VGG_16_MODULES,
    VGG_16_SENTENCE,
    VGG_16_WORDS,
    Published,
)

from archsearch import Profile, analyze

SENTENCES = [
    (ALEXNET_V2_SENTENCE, 224, ALEXNET_V2, ALEXNET_V2_WORDS),
    (VGG_16_SENTENCE, 224, VGG_16, VGG_16_WORDS),
    (MOBILENET_V1_224_SENTENCE, 224, MOBILENET_V1_224, MOBILENET_V1_WORDS),
    (MOBILENET_V1_321_SENTENCE, 321, MOBILENET_V1_321, MOBILENET_V1_WORDS),
]
NAMES = ["alexnet_v2", "vgg_16", "mobilenet_v1 at 224", "mobilenet_v1 at 321"]


@pytest.mark.parametrize(("sentence", "side", "published", "words"), SENTENCES, ids=NAMES)
def test_sentences(sentence: str, side: int, published: Mapping[str, Published], words: Mapping[str, str]) -> None:
    found = analyze(sentence, (3, side, side))
    assert {endpoint: at(found, path) for endpoint, path in words.items()} == published


MODELS = [
    ("alexnet", 224, ALEXNET_V2, ALEXNET_MODULES, ALEXNET_MORE_PADDING),
    ("vgg16", 224, VGG_16, VGG_16_MODULES, 0),
    ("inception_v3", 299, INCEPTION_V3, INCEPTION_V3_MODULES, 0),
]


@pytest.mark.parametrize(("name", "side", "published", "modules", "more_padding"), MODELS)
def test_models_of_torchvision(
    name: str, side: int, published: Mapping[str, Published], modules: Mapping[str, str], more_padding: int
) -> None:
    found = torchvision_profile(name, side)
    expected = {name: one._replace(padding=(one.padding or 0) + more_padding) for name, one in published.items()}
    assert {endpoint: at(found, path) for endpoint, path in modules.items()} == expected


# Where two popular calculators answered 1963; the paper's network, which strides its 1 x 1, has 483.
def test_resnet50_of_torchvision_sees_427_pixels() -> None:
    found = torchvision_profile("resnet50", 224)
    assert (found.last_map.rf, found.last_map.stride) == (427, 32)
    assert (found.figures["params"], found.figures["macs"]) == (25_557_032, 4_089_184_256)


def test_efficientnet_sees_the_whole_image_from_its_first_squeeze() -> None:
    found = torchvision_profile("efficientnet_b0", 224)
    assert found.first_global is not None
    assert found.first_global is found.first_whole
    before = found.rows[: found.rows.index(found.first_global)]
    assert (before[-1].rf, found.first_global.op) == (7, "avg global pool")


def torchvision_profile(name: str, side: int) -> Profile:
    return analyze(torchvision_model(name), (3, side, side))


def at(found: Profile, path: str) -> Published:
    """Return what the last operation of a word or of a module sees."""
    row = next(row for row in reversed(found.rows) if (row.path + ".").startswith(path + "."))
    assert row.rf is not None
    assert isinstance(row.stride, int)
    return Published(row.rf, row.stride, row.padding)


@pytest.mark.slow
def test_the_table_of_torchvisions_models_is_what_its_command_prints() -> None:
    torchvision_models()
    root = ROOT
    names = ["alexnet", "efficientnet_b0", "resnet18", "shufflenet_v2_x0_5", "vit_b_16"]
    command = [sys.executable, "benchmarks/torchvision_models.py", *names]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout
    page = (root / "docs" / "torchvision.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in printed.splitlines() if line.startswith(tuple(f"| {name} " for name in names))]
    assert len(rows) == 6
    assert [row for row in rows if row not in page] == []
