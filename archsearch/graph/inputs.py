"""The inputs of a torch module, as a user gives them: names, shapes without the batch, types of the numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, TypeAlias

from archsearch.errors import NotationError
from archsearch.graph.shapes import Shape, parse_shape, shape_text

if TYPE_CHECKING:
    from archsearch.errors import Place

DTYPES: Mapping[str, str | None] = {
    "float": None,
    "int": "int64",
    "int32": "int32",
    "uint8": "uint8",
    "bool": "bool",
}
"""What an input may hold, and torch's name for it; floats are of the type of the module's parameters."""

_INPUT = re.compile(r"(?:(?P<name>[^\W\d]\w*(\.\w+)*)=)?(?P<shape>[^:=]*)(?::(?P<dtype>\w+))?")
_SHAPE = re.compile(r"[1-9][0-9]{0,8}(x[1-9][0-9]{0,8}){0,4}")
_FORM = "write NAME=SHAPE, as in image=3x32x32, b=8, step=scalar:int or mask=32x32:bool"


@dataclass(frozen=True)
class InputTensor:
    """One input: the argument of `forward` that it is for, its shape without the batch, and what it holds.

    A name with a dot is one tensor in an argument: `batch.image` in a dict, `maps.0` in a list.

    >>> print(InputTensor("image", (3, 32, 32)), InputTensor("step", (), "int"))
    image=3x32x32 step=scalar:int
    """

    name: str | None
    shape: Shape
    dtype: str = "float"

    def __str__(self) -> str:
        name = f"{self.name}=" if self.name else ""
        dtype = "" if self.dtype == "float" else f":{self.dtype}"
        return f"{name}{shape_text(self.shape) or 'scalar'}{dtype}"

    @staticmethod
    def of(text: str, place: Place | str | None = None) -> InputTensor:
        """Read an input such as `3x32x32`, `16:int`, `image=3x32x32` or `step=scalar`; raises NotationError.

        >>> InputTensor.of("ids=16:int")
        InputTensor(name='ids', shape=(16,), dtype='int')
        """
        match = _INPUT.fullmatch(text.strip())
        if match is None:
            raise NotationError(f"`{text.strip()}` is not an input", place=place, remedy=_FORM)
        name, shape, dtype = match["name"], match["shape"], match["dtype"] or "float"
        if dtype not in DTYPES:
            message = f"`{dtype}` is not what an input can hold"
            raise NotationError(message, place=place, remedy=f"known here: {', '.join(DTYPES)}")
        if name is None:
            is_row = _SHAPE.fullmatch(shape) and "x" not in shape
            return InputTensor(None, (int(shape),) if is_row else parse_shape(shape, place), dtype)
        if shape == "scalar":
            return InputTensor(name, (), dtype)
        if not _SHAPE.fullmatch(shape):
            raise NotationError(f"`{shape}` is not the shape of an input", place=place, remedy=_FORM)
        return InputTensor(name, tuple(map(int, shape.split("x"))), dtype)


@dataclass(frozen=True)
class Inputs:
    """The inputs of a module. The first is the image: what operations see is what they see of it."""

    tensors: tuple[InputTensor, ...]

    @property
    def image(self) -> InputTensor:
        """The first input."""
        return self.tensors[0]

    def __str__(self) -> str:
        return ", ".join(map(str, self.tensors))

    @staticmethod
    def of(given: GivenInputs) -> Inputs:
        """Return inputs as a user gives them: a shape, a text as on the command line, or either by name.

        Raises NotationError for what is none of these.

        >>> print(Inputs.of((3, 32, 32)))
        3x32x32
        >>> print(Inputs.of({"image": (3, 32, 32), "step": "scalar:int"}))
        image=3x32x32, step=scalar:int
        """
        if isinstance(given, Inputs):
            return given
        if isinstance(given, str):
            return Inputs((InputTensor.of(given),))
        if not isinstance(given, Mapping):
            return Inputs((InputTensor(None, _sizes(given)),))
        if not given:
            raise NotationError("no input is given", remedy=_FORM)
        texts = (
            f"{name}={one if isinstance(one, str) else shape_text(_sizes(one)) or 'scalar'}"
            for name, one in given.items()
        )
        return Inputs.joined(tuple(map(InputTensor.of, texts)))

    @staticmethod
    def joined(tensors: tuple[InputTensor, ...], place: str | None = None) -> Inputs:
        """Return the inputs of one module; raises NotationError unless each of several has a name of its own."""
        names = [tensor.name for tensor in tensors]
        if len(tensors) > 1 and (None in names or len(set(names)) < len(names)):
            message = (
                f"of several inputs each needs a name of its own, and these are {', '.join(map(str, tensors))}"
            )
            raise NotationError(message, place=place, remedy="as in --input image=3x32x32 --input other=8")
        for name in names:
            if any(str(other).startswith(f"{name}.") for other in names):
                raise NotationError(
                    f"`{name}` is a tensor here, and has no tensors in it", place=place, remedy=_FORM
                )
        return Inputs(tensors)


def _sizes(given: Iterable[int]) -> Shape:
    """Return a shape that is given as numbers; raises NotationError for what has no sizes."""
    try:
        shape = tuple(map(index, given))
    except TypeError:
        shape = (0,)
    if min(shape, default=1) < 1:
        message = f"the shape of an input is {given!r}; its sizes must be whole numbers of at least 1"
        raise NotationError(message, remedy="write (3, 32, 32): channels, height, width")
    return shape


GivenInputs: TypeAlias = Shape | str | Mapping[str, Shape | str] | Inputs
"""How the inputs of a module may be given."""
