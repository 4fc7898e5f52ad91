"""What a target names: a sentence, a file of one, a row of the results, a torch module, a space."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from archsearch.analysis.limits import Limits, Verdict, check, check_whole
from archsearch.analysis.profile import profile
from archsearch.cli.usage import refuse_without_effect
from archsearch.errors import ArchsearchError, suggest
from archsearch.files import exists, shipped
from archsearch.graph.shapes import Shape
from archsearch.notation.network import CLASSES, INPUT, Network, parse, read
from archsearch.notation.word import Vocabulary
from archsearch.pytorch.find import find_model, is_model
from archsearch.space.space import Space
from archsearch.study.row_name import named_row

if TYPE_CHECKING:
    from torch import nn

    from archsearch.analysis.cost import Calibration
    from archsearch.analysis.profile import Profile
    from archsearch.graph.inputs import GivenInputs
    from archsearch.pytorch.trace import Traced
    from archsearch.study.named import NamedNetwork


@dataclass(frozen=True)
class Sentence:
    """A sentence, with the input shape and the number of classes it is lowered for."""

    network: Network
    input_shape: Shape
    classes: int
    calibration: Calibration | None = None

    @property
    def name(self) -> str:
        """The sentence in canonical form."""
        return str(self.network)

    @cached_property
    def profile(self) -> Profile:
        """What it costs and sees; raises ShapeError if its shapes do not fit."""
        return profile(self.network.lower(self.input_shape, self.classes), self.calibration)

    @cached_property
    def module(self) -> nn.Module:
        """The torch module built from it."""
        from archsearch.pytorch.build import build

        return build(self.profile.graph)

    @cached_property
    def traced(self) -> Traced:
        """The traced program of that module."""
        from archsearch.pytorch.trace import trace

        return trace(self.module, self.input_shape)

    def check(self, limits: Limits) -> Verdict:
        """Check it against limits, as a whole: its figures are shown, too."""
        return check_whole(self.network, limits, self.input_shape, self.classes)


@dataclass(frozen=True)
class Module:
    """A torch module named as package.module:name or file.py:name; torch is imported only when it is needed."""

    name: str
    input_shape: GivenInputs
    calibration: Calibration | None = None
    output: str | None = None

    @cached_property
    def module(self) -> nn.Module:
        """The module itself, its lazy layers run once; raises TraceError if it cannot be found or traced."""
        from archsearch.pytorch.program import ready

        return ready(find_model(self.name), self.input_shape)

    @cached_property
    def traced(self) -> Traced:
        """Its traced program; raises TraceError if it cannot be traced."""
        from archsearch.pytorch.trace import trace

        return trace(self.module, self.input_shape)

    @cached_property
    def profile(self) -> Profile:
        """What it costs and sees; raises TraceError if it has no output of that name."""
        return profile(self.traced.graph, self.calibration, self.output)

    def check(self, limits: Limits) -> Verdict:
        """Check it against limits; raises TraceError if an operation is unknown."""
        return check(self.profile.graph, limits, output=self.output)


Subject: TypeAlias = Sentence | Module


def for_output(subject: Subject, name: str | None) -> Subject:
    """Return what is analysed for one output of it; raises UsageError for a sentence, which has one."""
    if isinstance(subject, Module):
        return replace(subject, output=name)
    refuse_without_effect("a sentence has one output", "--output")
    return subject


def resolve(
    target: str, shape: GivenInputs | None, classes: int | None, vocabulary: Vocabulary, storage: str
) -> Subject | Space:
    """Return what a target names, with the given input and classes or else its own, or the defaults.

    Raises ArchsearchError if nothing has that name, and if input or classes are given for what has its own.
    """
    if is_model(target) and not is_row(target):
        refuse_without_effect("only STUDY#NUMBER is read from a storage", "--storage")
        if classes is not None:
            raise ArchsearchError("--classes is for sentences; a torch module has its own")
        refuse_without_effect("a torch module is not written in words", "--words")
        return Module(target, shape or INPUT)
    if shape is not None and not isinstance(shape, tuple):
        message = f"only a torch module has inputs with names or types; `{target}` is none"
        raise ArchsearchError(message, remedy="as in --input 3x32x32")
    input_shape = shape
    if is_row(target):
        refuse_other_words(target)
        return _sentence_of_row(target, input_shape, classes, vocabulary, storage)
    refuse_without_effect("only STUDY#NUMBER is read from a storage", "--storage")
    if is_space(target):
        space = Space.find(target, vocabulary)
        for option, given in (("input", input_shape), ("classes", classes)):
            if given is not None and option in space.stated:
                message = f"the space `{target}` states its own {option}"
                raise ArchsearchError(message, remedy=f"leave out --{option}")
        if input_shape is None and classes is None:
            return space
        return space.made_for(input_shape or INPUT, classes or CLASSES)
    return Sentence(network_at(target, vocabulary, storage), input_shape or INPUT, classes or CLASSES)


def network_at(target: str, vocabulary: Vocabulary, storage: str) -> Network:
    """Return the network of a sentence, of a file with one or a shipped name, or of a row such as `era_s9#12`."""
    path = Path(target)
    if is_row(target):
        return _row(target, vocabulary, storage).network
    if is_space(target):
        raise not_one_network(target)
    if is_model(target):
        message = f"`{target}` is a torch module; this command takes a sentence or a .net file"
        raise ArchsearchError(message, remedy="`archsearch analyze` and `check` take torch modules")
    if "(" not in target and (path.suffix or len(path.parts) > 1 or ("#" in target and exists(path))):
        if path.suffix == ".py":
            message = f"`{target}` is a Python file; this command takes a network"
            raise ArchsearchError(message, remedy=f"name what makes the torch module in it, as in {target}:Net")
        if not exists(path):
            found = shipped(".net")
            if target not in found:
                remedy = f"give a sentence, the path of a .net file or a shipped name; {suggest(target, found)}"
                raise ArchsearchError(f"there is no file `{target}`", remedy=remedy)
            path = found[target]
        return read(path, vocabulary)
    if target.isidentifier() and target not in vocabulary:
        known = [*vocabulary, *(found.stem for found in shipped(".space").values())]
        raise ArchsearchError(f"there is no word and no space `{target}`", remedy=suggest(target, known))
    return parse(target, vocabulary=vocabulary)


def is_row(target: str) -> bool:
    """Whether a target is STUDY#NUMBER, and no file; in a sentence, a comment follows a blank.

    >>> is_row("era_s9#12"), is_row("conv(8)#12"), is_row("relu # 12")
    (True, False, False)
    """
    study, number = named_row(target)
    return number is not None and "(" not in study and not study[-1].isspace() and not exists(Path(target))


def refuse_other_words(target: str) -> None:
    """Raise UsageError if words are given for a row of a search, whose study keeps its own."""
    from archsearch.study.studies import SINGLE

    if is_row(target) and named_row(target)[0] != SINGLE:
        refuse_without_effect(f"`{target}` is read in the words of its study", "--words")


def _row(target: str, vocabulary: Vocabulary, storage: str) -> NamedNetwork:
    from archsearch.study.named import named_network

    study, number = named_row(target)
    assert number is not None
    return named_network(storage, study, number, vocabulary)


def _sentence_of_row(
    target: str, input_shape: Shape | None, classes: int | None, vocabulary: Vocabulary, storage: str
) -> Sentence:
    """Return the network of a row, with what its study was on unless input or classes are given.

    Raises ArchsearchError where those are not known.
    """
    found = _row(target, vocabulary, storage)
    if not found.sure and input_shape is None and classes is None:
        message = f"the input and the classes of `{target}` are not kept"
        raise ArchsearchError(message, remedy="give --input and --classes of the data that it was trained on")
    return Sentence(found.network, input_shape or found.input_shape, classes or found.classes)


def not_one_network(target: str) -> ArchsearchError:
    """Return the error for a space that is given to a command for one network."""
    remedy = "`archsearch sample` draws networks from a space"
    return ArchsearchError(f"`{target}` is a space; this command takes one network", remedy=remedy)


def is_space(target: str) -> bool:
    """Whether a target is a space: a file of one, or the name of a shipped one."""
    return target.endswith(".space") or f"{target}.space" in shipped(".space")
