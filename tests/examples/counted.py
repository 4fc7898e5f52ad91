"""Parameters and MACs as torch and fvcore count them."""

from __future__ import annotations

from math import prod

import torch
from fvcore.nn import FlopCountAnalysis

from archsearch import analyze
from archsearch.graph.graph import Graph
from archsearch.pytorch.build import build


def assert_equal_to_torch_and_fvcore(graph: Graph) -> None:
    profile, module = analyze(graph), build(graph).eval()
    shapes: list[tuple[int, ...]] = []
    hooks = [
        layer.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape[1:])))
        for layer in module.layers
    ]
    counted = FlopCountAnalysis(module, torch.zeros(1, *graph.input))
    counted.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    by_operator = counted.by_operator()
    for hook in hooks:
        hook.remove()
    assert profile.figures["params"] == sum(parameter.numel() for parameter in module.parameters())
    assert profile.figures["macs"] == by_operator["conv"] + by_operator["linear"]
    assert [(1, *row.shape)[1:] for row in profile.rows[1:]] == shapes[-len(profile.rows) + 1 :]
    assert all(prod(row.shape) > 0 for row in profile.rows)
