"""The verb that shows what a network costs and sees, and proves it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from archsearch.analysis.profile import Profile, profile
from archsearch.errors import ArchsearchError
from archsearch.pytorch.find import find_model, is_model

if TYPE_CHECKING:
    from torch import nn

    from archsearch.graph.graph import Graph
    from archsearch.graph.shapes import Shape
    from archsearch.notation.word import Vocabulary
    from archsearch.pytorch.trace import Traced
from archsearch.errors import suggest
from archsearch.files import shipped
from archsearch.graph.shapes import Shape
from archsearch.notation.network import Network, parse, read
from archsearch.notation.word import Vocabulary


class Subject:
    """What a target names: a sentence, a file of one, or a torch module; torch is loaded when it is needed."""

    def __init__(self, target: str, input_shape: Shape, classes: int, vocabulary: Vocabulary) -> None:
        self.input_shape, self._classes = input_shape, classes
        self._target = target
        if is_model(target):
            if click.get_current_context().get_parameter_source("classes") is ParameterSource.COMMANDLINE:
                raise ArchsearchError("--classes is for sentences; a torch module has its own")
            self.name = target
        else:
            self._network = network_at(target, vocabulary)
            self.name = str(self._network)

    @cached_property
    def module(self) -> nn.Module:
        """The torch module, built of the graph of a sentence."""
        if is_model(self._target):
            return find_model(self._target)
        from archsearch.pytorch.build import build

        return build(self.graph)

    @cached_property
    def traced(self) -> Traced:
        """The module's program."""
        from archsearch.pytorch.trace import trace

        return trace(self.module, self.input_shape)

    @cached_property
    def graph(self) -> Graph:
        """The graph: a sentence's own, or that of the traced module."""
        if is_model(self._target):
            return self.traced.graph
        return self._network.lower(self.input_shape, self._classes)

    @cached_property
    def profile(self) -> Profile:
        """The figures."""
        return profile(self.graph)


def network_at(target: str, vocabulary: Vocabulary) -> Network:
    """Return the network of a sentence, of a file with one, or of a shipped name such as `era_s9.net`."""
    path = Path(target)
    if is_space(target):
        remedy = "`archsearch sample` draws networks from a space"
        raise ArchsearchError(f"`{target}` is a space; one network is asked for", remedy=remedy)
    if "(" not in target and (path.suffix or len(path.parts) > 1):
        if not path.exists():
            found = shipped(".net")
            if target not in found:
                remedy = f"give a sentence, the path of a .net file or a shipped name; {suggest(target, found)}"
                raise ArchsearchError(f"there is no file `{target}`", remedy=remedy)
            path = found[target]
        return read(path, vocabulary)
    return parse(target, vocabulary=vocabulary)


def is_space(target: str) -> bool:
    """Whether a target is a space: a file of one, or the name of a shipped one."""
    return target.endswith(".space") or f"{target}.space" in shipped(".space")
