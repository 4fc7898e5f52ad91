"""Our MACs beside those of fvcore and of torch's own counter, and the cause of each difference."""

from __future__ import annotations

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import astuple, dataclass, field
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from archsearch.analysis.profile import Profile
from archsearch.errors import ArchsearchError
from archsearch.graph.inputs import GivenInputs, Inputs
from archsearch.graph.ops.operation import Unknown
from archsearch.pytorch.inputs import Arguments
from archsearch.pytorch.program import evaluating
from archsearch.table import render

Places: TypeAlias = Mapping[str, Counter[str]]
"""By the name of each submodule, counts of what it computes itself, by operator."""

MACS = ("convolution", "linear", "matrix product", "attention")
"""Families counted in MACs; each tool counts the others in its own way, in elements."""

_FAMILIES = {
    "convolution": ".*conv.*",
    "linear": "linear|addmm|mm|_scaled_mm",
    "matrix product": (
        "contract|matmul|(b?add)?bmm|einsum|(add)?mv|(tensor)?dot|inner|bilinear|recurrent|.*(lstm|gru|rnn).*"
    ),
    "attention": ".*attention.*|_transformer_encoder_layer_fwd",
    "norm": ".*norm.*",
    "pooling": ".*pool.*",
    "resize": "upsample.*|grid_sampler",
}
_HABITS = {
    ("fvcore", "einsum"): "fvcore takes an einsum's MACs from numpy, to four digits, half for an outer product",
    ("fvcore", "matmul"): "fvcore takes the batch of a matmul from its first operand, which is broadcast here",
    ("torch", "nothing"): "this release of torch has no formula for the operation that computes it on this device",
}


@dataclass(frozen=True)
class FamilyCounts:
    """What each tool counts for a family of operations; None if it counts none of them."""

    family: str
    ours: int | None
    fvcore: int | None
    torch: int | None


@dataclass(frozen=True)
class Comparison:
    """What archsearch and two other tools count, and a sentence for each difference; its `str` is the table."""

    rows: tuple[FamilyCounts, ...]
    differences: tuple[str, ...]

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int | None = None) -> str:
        """Return the table with the total of the MACs, whole columns of it in a `width`, and the differences."""
        macs = [row for row in self.rows if row.family in MACS]
        counts = ([row.ours for row in macs], [row.fvcore for row in macs], [row.torch for row in macs])
        cells = [*map(astuple, self.rows), ("MACs in total", *map(_sum, counts))]
        table = render(("family", "ours", "fvcore", "torch"), cells, width)
        agree = (macs and counts[0] == counts[1] == counts[2]) or not self.differences
        return "\n".join([table, "", *(["no difference in MACs"] if agree else []), *self.differences])


@dataclass(frozen=True)
class _Tool:
    """What a tool counts; `lacking` names the operations it has no formula for, even those that cost no MACs."""

    name: str
    places: Places = field(default_factory=dict)
    lacking: Places = field(default_factory=dict)
    failure: str = ""

    def total(self, family: str) -> int | None:
        """Its count for a family in all places."""
        return _sum(count for place in self.places for count in self._at(family, place).values())

    def of(self, family: str, place: str) -> int:
        """Its count for a family in one place."""
        return self._at(family, place).total()

    def names(self, family: str, place: str) -> str:
        """Its names for the operations of a family in one place."""
        return ", ".join(sorted(self._at(family, place))) or "nothing"

    def _at(self, family: str, place: str) -> Counter[str]:
        counts = self.places.get(place, Counter())
        return Counter({name: count for name, count in counts.items() if _family(name) == family})


def compare(module: nn.Module, given: GivenInputs, profile: Profile) -> Comparison:
    """Count a module with fvcore and with torch's own counter, and compare with its `profile`.

    Inputs are given as for `analyze`. torch's FLOPs are halved: it counts two for each MAC.
    Raises ArchsearchError if fvcore is not installed.
    """
    arguments = Arguments.of(module, Inputs.of(given))
    with evaluating(module), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from fvcore.nn import FlopCountAnalysis  # noqa: PLC0415
        except ImportError:
            raise ArchsearchError("--compare needs fvcore", remedy="pip install fvcore") from None
        fvcore = _attempt("fvcore", partial(_fvcore, FlopCountAnalysis), module, arguments)
        counter = _attempt("torch", _torch, module, arguments)
    tools = (ours := _ours(profile, module), fvcore, counter)
    found = {_family(name) for tool in tools for name in _by_operator(tool.places)}
    families = [*(family for family in _FAMILIES if family in found), *sorted(found - _FAMILIES.keys())]
    rows = tuple(FamilyCounts(family, *(tool.total(family) for tool in tools)) for family in families)
    apart = f"of ours, {profile.weight_macs:,} MACs are of weights alone, which the figure `macs` leaves out"
    differences = (*_differences(fvcore, ours), *_differences(counter, ours))
    return Comparison(rows, (*differences, *([apart] if profile.weight_macs else [])))


def _sum(counts: Iterable[int | None]) -> int | None:
    return sum(known) if (known := [count for count in counts if count is not None]) else None


def _name(operator: object) -> str:
    """Return an operator's bare name: `conv2d` for `aten::conv2d`, `aten.conv2d` and `aten.conv2d.default`."""
    return str(operator).replace("::", ".").removeprefix("aten.").removeprefix("torchvision.").split(".")[0]


def _family(name: str) -> str:
    return next((family for family, names in _FAMILIES.items() if re.fullmatch(names, name)), name)


def _ours(profile: Profile, module: nn.Module) -> _Tool:
    """Return our counts, each under the first name of its submodule, as the other tools have it."""
    names = {part: name for name, part in module.named_modules()}
    first = {name: names[part] for name, part in module.named_modules(remove_duplicate=False)}
    places, lacking = defaultdict[str, Counter[str]](Counter), defaultdict[str, Counter[str]](Counter)
    for node, counts in zip(profile.graph.nodes, profile.costs, strict=True):
        place = first.get(node.path, node.path)
        places[place] += Counter(
            {node.op.kind: counts.macs, "norm": counts.norm_ops, "pooling": counts.pooling_ops}
        )
        if isinstance(node.op, Unknown):
            lacking[place][_name(node.op.name)] += 1
    return _Tool("archsearch", places, lacking)


def _attempt(
    name: str, count: Callable[[nn.Module, Arguments], _Tool], module: nn.Module, arguments: Arguments
) -> _Tool:
    hooks = [held for part in module.modules() for held in (part._forward_pre_hooks, part._forward_hooks)]
    before = [set(held) for held in hooks]
    try:
        return count(module, arguments)
    # A foreign tool may raise anything: report it, and remove the hooks that fvcore then leaves on the module.
    except Exception as error:  # noqa: BLE001
        for held, kept in zip(hooks, before, strict=True):
            for added in held.keys() - kept:
                del held[added]
        return _Tool(name, failure=": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]]))


class _Called(nn.Module):
    """A module that is given by place what it takes by name: fvcore knows no names."""

    def __init__(self, module: nn.Module, arguments: Arguments) -> None:
        super().__init__()
        self.module, self.places, self.names = module, len(arguments.args), [*arguments.kwargs]

    def forward(self, *given: object) -> object:
        return self.module(*given[: self.places], **dict(zip(self.names, given[self.places :], strict=True)))


def _fvcore(analysis: Callable[..., Any], module: nn.Module, arguments: Arguments) -> _Tool:
    found = (
        analysis(_Called(module, arguments), (*arguments.args, *arguments.kwargs.values()))
        .unsupported_ops_warnings(False)
        .uncalled_modules_warnings(False)
    )
    counts = found.tracer_warnings("none").by_module_and_operator()
    names = {place: place[len("module.") :] for place in counts if place}
    lacking = {name: found.unsupported_ops(place) for place, name in names.items()}
    return _Tool("fvcore", _own({name: counts[place] for place, name in names.items()}), _own(lacking))


def _own(counts: Mapping[str, Mapping[str, float]]) -> dict[str, Counter[str]]:
    """Return what each submodule computes itself, from counts that include the submodules in it."""
    whole = {place: Counter({_name(name): int(n) for name, n in found.items()}) for place, found in counts.items()}
    own = {place: Counter(found) for place, found in whole.items()}
    for place in filter(None, whole):
        own[place.rpartition(".")[0]].subtract(whole[place])
    return {place: +found for place, found in own.items()}


def _torch(module: nn.Module, arguments: Arguments) -> _Tool:
    """Count with torch; hooks record which submodule runs, as torch's names mislead where one is used twice."""
    places, running, seen = defaultdict[str, Counter[str]](Counter), [""], Counter[str]()

    def settle() -> None:
        new = Counter({_name(one): flops // 2 for one, flops in counter.flop_counts["Global"].items()}) - seen
        places[running[-1]].update(new)
        seen.update(new)

    def begin(place: str, *_: object) -> None:
        settle()
        running.append(place)

    def end(*_: object) -> None:
        settle()
        running.pop()

    # The counter asks for the gradient's function of what submodules read, be it a view of a parameter.
    with ExitStack() as hooks, torch.enable_grad(), FlopCounterMode(display=False) as counter:
        for place, part in module.named_modules():
            hooks.enter_context(part.register_forward_pre_hook(partial(begin, place)))
            hooks.enter_context(part.register_forward_hook(end))
        module(*arguments.args, **arguments.kwargs)
    return _Tool("torch", places)


def _differences(tool: _Tool, ours: _Tool) -> Iterator[str]:
    """Say what a tool counts differently from us, what it adds that is no MAC, and what it leaves out."""
    if tool.failure:
        yield f"{tool.name} fails on this module: {tool.failure}"
        return
    differing = [family for family in MACS if (tool.total(family) or 0) != (ours.total(family) or 0)]
    for family in differing:
        causes = defaultdict[str, dict[str, int]](dict)
        for place in {**ours.places, **tool.places}:
            if more := tool.of(family, place) - ours.of(family, place):
                causes[_cause(tool, ours, family, place)][place] = more
        for cause, places in causes.items():
            if more := sum(places.values()):
                amount = f"{abs(more):,} {'more' if more > 0 else 'less'}"
                yield f"{tool.name} counts {amount} for {family}: {cause}, at {_listed(places)}"
    for name, places in _by_operator(tool.places).items():
        if (family := _family(name)) not in MACS:
            added, elements = sum(places.values()), sum(ours.of(family, place) for place in places)
            each = f" {added // elements} for each element," if elements and added % elements == 0 else ""
            yield f"{tool.name} adds {added:,} for {name.replace('_', ' ')},{each} which is no multiply-accumulate"
    for name, places in _by_operator(tool.lacking).items():
        if _family(name) in MACS and _family(name) not in differing:
            yield f"{tool.name} has no formula for {name}, nor are its MACs in ours, at {_listed(places)}"


def _by_operator(places: Places) -> dict[str, dict[str, int]]:
    names = sorted({name for counts in places.values() for name in counts})
    return {name: {place: counts[name] for place, counts in places.items() if name in counts} for name in names}


def _cause(tool: _Tool, ours: _Tool, family: str, place: str) -> str:
    """Say why a tool and we count a family differently in one place."""
    missing = ours.of(family, place) - tool.of(family, place)
    less, more = (tool, ours) if missing > 0 else (ours, tool)
    for other in MACS:
        if less.of(other, place) - more.of(other, place) >= abs(missing):
            return f"{less.name} counts it as {other} ({less.names(other, place)})"
    kin = [family] if family == "convolution" else MACS[1:]
    if lacking := ", ".join(name for name in sorted(less.lacking.get(place, ())) if _family(name) in kin):
        return f"{less.name} has no formula for {lacking}"
    habit = _HABITS.get((tool.name, names := tool.names(family, place)))
    return habit or f"{tool.name} counts {names} where {ours.name} counts {ours.names(family, place)}"


def _listed(places: Mapping[str, int]) -> str:
    """Name at most three places, those with the largest counts."""
    largest = sorted(places, key=lambda place: -abs(places[place]))
    named = ", ".join(place or "the module itself" for place in largest[:3])
    return f"{named}, and {len(largest) - 3} more" if len(largest) > 3 else named
