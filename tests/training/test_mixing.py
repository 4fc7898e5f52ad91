"""What is done to whole batches: by hand, and against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from archsearch.training.mixing import Labelled, Normalisation, scaled

CPU = torch.device("cpu")


def test_pixels_are_normalised_channel_by_channel() -> None:
    pixels = torch.tensor([[0, 51], [102, 255]], dtype=torch.uint8).expand(1, 3, 2, 2)
    found = Normalisation.of((0.0, 0.2, 0.5), (1.0, 0.5, 0.25), CPU)(pixels)
    plain = torch.tensor([[0, 0.2], [0.4, 1.0]])
    for channel, (mean, std) in enumerate([(0.0, 1.0), (0.2, 0.5), (0.5, 0.25)]):
        assert torch.allclose(found[0, channel], (plain - mean) / std)


def test_the_pixels_of_the_caller_stay_as_they_are() -> None:
    pixels = torch.full((1, 3, 2, 2), 51.0)
    Normalisation.of((0.2,) * 3, (0.5,) * 3, CPU)(pixels)
    assert torch.equal(pixels, torch.full((1, 3, 2, 2), 51.0))


def test_a_mixture_is_that_of_two_images_and_its_loss_that_of_both_labels() -> None:
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 2, 2)
    batch = Labelled(images, torch.arange(4)).mixed(0.4, np.random.default_rng(0))
    assert batch.others is not None
    assert 0 <= batch.share <= 1
    expected = batch.share * batch.labels + (1 - batch.share) * batch.others
    assert torch.allclose(batch.images[:, 0, 0, 0], expected.float())
    logits = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    soft = batch.share * one_hot(batch.labels, 5) + (1 - batch.share) * one_hot(batch.others, 5)
    assert batch.loss(logits, 0.0).item() == pytest.approx(cross_entropy(logits, soft.float()).item())


def test_shares_are_drawn_from_beta() -> None:
    random = np.random.default_rng(0)
    batch = Labelled(torch.zeros(2, 3, 1, 1), torch.zeros(2, dtype=torch.long))
    shares = np.array([batch.mixed(0.5, random).share for _ in range(2000)])
    # Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)).
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    assert shares.var() == pytest.approx(1 / 8, abs=0.01)


def test_correct_answers_of_a_mixture_count_by_its_shares() -> None:
    logits = torch.eye(3)
    labels, others = torch.tensor([0, 1, 0]), torch.tensor([1, 1, 2])
    assert Labelled(torch.zeros(3), labels).correct(logits).item() == 2
    assert Labelled(torch.zeros(3), labels, others, 0.75).correct(logits).item() == pytest.approx(
        2 * 0.75 + 2 * 0.25
    )


def test_smaller_images_show_the_same() -> None:
    flat = scaled(torch.full((2, 3, 32, 20), 7.0), 0.75)
    assert flat.shape == (2, 3, 24, 15)
    assert torch.allclose(flat, torch.tensor(7.0))
    assert scaled(torch.zeros(1, 3, 1, 1), 0.1).shape == (1, 3, 1, 1)
    # Every fourth column is white: between the columns that a quarter of the size is read at, none is.
    striped = torch.tensor([1.0, 0, 0, 0]).repeat(8).expand(1, 3, 32, 32)
    assert torch.allclose(scaled(striped, 0.25)[..., 1:-1], torch.tensor(0.25), atol=0.1)
