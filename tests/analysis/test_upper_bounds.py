"""A limit that only an upper bound meets is not met: what is known, and what a command says and exits with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from examples.mistakes import Capture, run
from examples.modules import Of, Tokens
from torch import nn

from archsearch import check
from archsearch.analysis.figures import is_upper_bound
from archsearch.analysis.limits import Limits
from archsearch.analysis.profile import profile
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace


def half() -> nn.Module:
    """Of the two convolutions, only the 3 x 3 one reaches the output; what it sees is at most 7 wide."""
    layers = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 7, padding=3)
    return Of(lambda image, one, other: torch.cat([one(image), other(image)], 1)[:, :8], *layers)


# limits on rf, which is at most 7, and rf_inside; whether the network fits, None where that is open
AT_MOST_7 = [
    ("rf > 5", None),
    ("rf > 7", False),
    ("rf < 8", True),
    ("rf <= 7", True),
    ("rf < 5", None),
    ("rf = 3", None),
    ("rf = 8", False),
    ("rf != 3", None),
    ("rf != 8", True),
    ("rf >= 2.5", None),
    ("rf in (3, 9)", None),
    ("rf_inside > 5", None),
    # Whatever it is, one of the two holds.
    ("rf > 5 or rf <= 5", True),
    ("rf > 5 or params > 1k", True),
    ("rf > 5, params > 1k", None),
    # One that is surely broken decides.
    ("rf > 5, params > 1M", False),
    ("rf > 5 or params > 1M", None),
    ("not rf > 5", None),
]


@pytest.mark.parametrize(("limits", "fits"), AT_MOST_7)
def test_limits_are_kept_only_where_they_hold_whatever_the_figure_is(limits: str, fits: bool | None) -> None:
    verdict = check(half(), limits, (3, 16, 16))
    assert (None if verdict.is_open else verdict.fits) is fits
    # Not to be trained either, and how far it is from that agrees.
    assert verdict.fits is (fits is True)
    assert all(excess <= 0 for excess in verdict.excess.values()) is verdict.fits


def sliced(axes: int) -> nn.Module:
    layer = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    layers = layer(1, 4, 3, padding=1), layer(1, 4, 5, padding=2)
    return Of(lambda image, one, other: torch.cat([one(image), other(image)], 1).chunk(2, 1)[0], *layers)


# module, input, the largest rf that it may have
BOUNDS = [
    (Tokens(4, window=2), (4, 8, 8), 2),
    (sliced(1), (1, 12), 5),
    (sliced(3), (1, 6, 6, 6), 5),
    (nn.Sequential(half(), nn.MaxPool2d(2)), (3, 16, 16), 8),
    # Where the image is one pixel, both convolutions see it: rf is as of an endless image all the same.
    (half(), (3, 1, 1), 7),
]


@pytest.mark.parametrize(("module", "shape", "most"), BOUNDS)
def test_other_upper_bounds_leave_a_limit_open(module: nn.Module, shape: tuple[int, ...], most: int) -> None:
    verdict = check(module, f"rf > {most - 1}", shape)
    assert verdict.is_open
    assert str(verdict) == f"not known to fit\n  rf is at most {most}: whether it is > {most - 1} is not known"
    refused = check(module, f"rf > {most}", shape)
    assert (refused.is_open, refused.reasons) == (False, (f"rf is at most {most}, not > {most}",))


@pytest.mark.parametrize(("module", "shape"), [case[:2] for case in BOUNDS])
def test_a_proof_does_not_call_a_bound_equal(module: nn.Module, shape: tuple[int, ...]) -> None:
    found = str(prove(trace(module, shape))).splitlines()
    assert found[0].startswith("within the upper bound: what ")
    assert found[-1] == "  the analyzer calls its sets here an upper bound"


def test_exact_figures_are_no_bounds() -> None:
    layers = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 7, padding=3)
    whole = Of(lambda image, one, other: torch.cat([one(image), other(image)], 1), *layers)
    found = profile(trace(whole, (3, 16, 16)).graph)
    assert not is_upper_bound(found, "rf")
    assert not is_upper_bound(found, "rf_inside")
    assert Limits.of("rf > 5").violations(found.figures) == ()


MODULE = """\
import torch
from torch import nn
class Half(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 7, padding=3)
    def forward(self, image):
        return torch.cat([self.one(image), self.other(image)], 1)[:, :8]
"""


def test_the_command_exits_with_2_where_a_bound_leaves_it_open(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "half.py"
    path.write_text(MODULE)
    reason = "rf is at most 7: whether it is > 5 is not known"
    status, out, _err = run(capsys, "check", f"{path}:Half", "--limits", "rf > 5")
    assert (status, out) == (2, f"not known to fit\n  {reason}\n")
    status, out, _err = run(capsys, "check", f"{path}:Half", "--limits", "rf > 5", "--json")
    assert (status, json.loads(out)["fits"], json.loads(out)["reason"]) == (2, None, reason)
    status, out, _err = run(capsys, "analyze", f"{path}:Half", "--verify", "--json")
    verified = json.loads(out)["verified"]
    assert (status, verified["equal"], verified["bound"], verified["differences"]) == (0, None, True, [])
    assert run(capsys, "check", f"{path}:Half", "--limits", "rf > 7")[0] == 1
    assert run(capsys, "check", f"{path}:Half", "--limits", "rf < 8")[0] == 0
