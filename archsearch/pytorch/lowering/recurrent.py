"""Lowering of recurrent layers and cells."""

from __future__ import annotations

from collections.abc import Mapping

from archsearch.graph.ops.recurrent import Cell, LastState, Recurrent
from archsearch.pytorch.lowering.aten_call import AtenCall, Lowering, NodeNumbers, NotKnownError

_CELLS: Mapping[str, Cell] = {"lstm": "lstm", "gru": "gru", "rnn_tanh": "rnn", "rnn_relu": "rnn"}


def _layers(at: AtenCall) -> NodeNumbers:
    """Lower an LSTM, GRU or RNN, and those of its last states that something reads."""
    # Of packed sequences, the lengths would have to be known too.
    if "input" not in at.arguments or any(map(at.sees_image, at["params"])):
        raise NotKnownError
    shapes = [at.shape_of(weight) for weight in at["params"]]
    directions = 2 if at["bidirectional"] else 1
    # The weights of the state read its features, and give those of all gates.
    state, features = shapes[1][1], shapes[1][1]
    projects = len(shapes) // (at["num_layers"] * directions) > (4 if at["has_biases"] else 2)
    if projects:
        features = shapes[0][0] // 4
    op = Recurrent(
        _CELLS[at.function],
        features,
        at["num_layers"],
        directions,
        bool(at["has_biases"]),
        state if projects else 0,
        time=1 if at["batch_first"] else 0,
    )
    steps = at.add(op, at.source, *_states(at, at["hx"]))
    results = [steps]
    for number, size in enumerate((state, features), start=1):
        batch = at.shape(steps)[1 - op.time] if op.time is not None else 0
        last = LastState((op.layers * directions, batch, size), op.time or 0)
        results.append(at.add(last, steps) if number in at.used else steps)
    return tuple(results)


def _cell(at: AtenCall) -> NodeNumbers:
    """Lower a single step, as loops of a module's own take; the new states of an LSTM read the same."""
    if at.sees_image(at["w_ih"]) or at.sees_image(at["w_hh"]):
        raise NotKnownError
    features = at.shape_of(at["w_hh"])[1]
    cell = _CELLS[at.function.removesuffix("_cell")]
    op = Recurrent(cell, features, bias=at["b_ih"] is not None, time=None)
    return at.for_each_result(at.add(op, at.tensor(at["input"]), *_states(at, at["hx"])))


def _states(at: AtenCall, states: object) -> list[int]:
    listed = states if isinstance(states, list | tuple) else [states]
    return [at.tensor(state) for state in listed if at.sees_image(state)]


RECURRENT: Mapping[str, Lowering] = {
    **dict.fromkeys(_CELLS, _layers),
    **{f"{name}_cell": _cell for name in _CELLS},
}
"""The lowering of recurrent layers and cells, by torch's name without namespace and overload."""
