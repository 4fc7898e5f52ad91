"""Which dims of a tensor carry which axes of the image, and what the units along them see.

A dim is a product of *atoms*: one for the height of a map, two (height, width) for a list of tokens, two again (the
window, the place in it) for a map that was cut into windows. Reshape and permute move atoms about; what is seen
along an axis depends on the atoms of that axis only, so that it stays exact through all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TypeAlias

from archsearch.receptive import IRREGULAR, Field, image
from archsearch.steps import Spread, Step, Window


@dataclass(frozen=True, eq=False)
class Atom:
    """A factor of a dim; two atoms of one size are not the same."""

    size: int


Dim: TypeAlias = tuple[Atom, ...]


@dataclass(frozen=True)
class Axis:
    """What is seen along one axis of the image: the field's units count through `atoms`, the last one fastest.

    Without atoms there is one unit: every element of the tensor sees the same.
    """

    field: Field
    atoms: tuple[Atom, ...]


@dataclass(frozen=True)
class Layout:
    """A tensor's dims and axes.

    `uneven`: elements that differ only along dims without an axis, such as channels, may each see less than the
    fields say, which is their union. `bound`: a set may be larger than what is really seen.
    """

    dims: tuple[Dim, ...]
    axes: tuple[Axis, ...]
    uneven: bool = False
    bound: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of each dim."""
        return tuple(_size(dim) for dim in self.dims)

    @property
    def is_constant(self) -> bool:
        """Whether nothing of the image is seen: weights and what is computed from them."""
        return not self.axes

    @property
    def is_map(self) -> bool:
        """Whether each axis has a dim of its own, as in a map, and not in a list of tokens or windows."""
        return all(not axis.atoms or axis.atoms in self.dims for axis in self.axes)

    def along(self, dim: int, axis: int) -> tuple[int, ...]:
        """Return, for each index along a dim, the positions on an axis that some element there sees."""
        others = [other for other in range(len(self.dims)) if other != dim]
        (only,) = replace(self, axes=(self.axes[axis],)).reduced(others, keep=True).axes
        assert only.field.seen is not None
        return tuple(only.field.seen[unit] for unit in _units(only, self.dims[dim]))

    def carried(self, dim: int) -> list[Axis]:
        """Return the axes that a dim carries, or parts of them."""
        return [axis for axis in self.axes if set(axis.atoms) & set(self.dims[dim])]

    def through(self, dim: int, step: Step, units: int) -> Layout:
        """Return the layout after a step along a dim, of which `units` come out."""
        length = _size(self.dims[dim])
        if step == Window(1) and units == length:
            return self
        here, new = set(self.dims[dim]), Atom(units)
        bound = self.bound
        axes = []
        for axis in self.axes:
            elsewhere = set(axis.atoms) - here
            if not set(axis.atoms) & here:
                axes.append(axis)
                continue
            if elsewhere:
                bound = True
            field = axis.field
            if axis.atoms != self.dims[dim]:
                whole = _dropped(_mixed(axis, elsewhere), elsewhere)
                field = whole.field.picked(_units(whole, self.dims[dim]))
            axes.append(Axis(field.after(step, length, units), (new,)))
        part = isinstance(step, Window) and step.kernel == 1 and units < length
        bound = bound or (part and self.uneven and not self.carried(dim))
        if any(axis.field.sees_nothing for axis in axes):
            axes = []
        return replace(self, dims=_with(self.dims, dim, (new,)), axes=tuple(axes), bound=bound)

    def mixed(self, dims: Iterable[int]) -> Layout:
        """Return the layout where every element sees what any along these dims does; the shape stays.

        Mixing part of an axis (the tokens of a window) is an upper bound: a mask may hide some of them.
        """
        atoms = {atom for dim in dims for atom in self.dims[dim]}
        carrying = {atom for axis in self.axes for atom in axis.atoms}
        plain = {atom for dim in self.dims for atom in dim if atom.size > 1} - carrying
        partly = any(set(axis.atoms) & atoms and not set(axis.atoms) <= atoms for axis in self.axes)
        axes = tuple(_mixed(axis, atoms) for axis in self.axes)
        return replace(self, axes=axes, bound=self.bound or partly, uneven=self.uneven and not plain <= atoms)

    def reduced(self, dims: Sequence[int], *, keep: bool) -> Layout:
        """Return the layout after a sum over dims, which are left with size 1 or taken out."""
        gone = {atom for dim in dims for atom in self.dims[dim]}
        layout = self.mixed(dims)
        left = [() if n in dims else dim for n, dim in enumerate(self.dims) if keep or n not in dims]
        return replace(layout, dims=tuple(left), axes=tuple(_dropped(axis, gone) for axis in layout.axes))

    def resized(self, dim: int, size: int) -> Layout:
        """Return the layout with a dim that carries no axis replaced by one of another size."""
        return replace(self, dims=_with(self.dims, dim, _dim(size)))

    def permuted(self, order: Sequence[int]) -> Layout:
        """Return the layout with its dims in another order."""
        return replace(self, dims=tuple(self.dims[dim] for dim in order))

    def reshaped(self, shape: Sequence[int]) -> Layout:
        """Return the layout of a view of another shape; exact wherever the atoms can be cut to fit it."""
        cut = _cut(self, shape)
        if cut is not None:
            return cut
        everything = replace(self.mixed(range(len(self.dims))), bound=True)
        return replace(everything, dims=tuple(_dim(size) for size in shape))

    def broadcast(self, shape: Sequence[int]) -> Layout:
        """Return the layout of the tensor expanded to a shape, new dims in front."""
        missing = len(shape) - len(self.dims)
        old = zip(self.dims, shape[missing:], strict=True)
        dims = [dim if _size(dim) == size else _dim(size) for dim, size in old]
        stretched = {atom for dim, new in zip(self.dims, dims, strict=True) if dim != new for atom in dim}
        axes = tuple(_dropped(axis, stretched) for axis in self.axes)
        return replace(self, dims=(*map(_dim, shape[:missing]), *dims), axes=axes)

    def joined(self, other: Layout) -> Layout:
        """Return the layout of an operation that reads the same element of both, broadcast to one shape."""
        shape = _common(self.shape, other.shape)
        first, second = self.broadcast(shape), other.broadcast(shape)
        uneven, bound = first.uneven or second.uneven, first.bound or second.bound
        if not first.axes or not second.axes:
            return replace(first if first.axes else second, uneven=uneven, bound=bound)
        first, second = _aligned(first, second)
        together = [_joined(one, two) for one, two in zip(first.axes, second.axes, strict=True)]
        axes = tuple(axis for axis in together if axis is not None)
        if len(axes) == len(together):
            return Layout(first.dims, axes, uneven, bound or _entangled(first, second))
        # The same axis runs along different dims: every element may see everything.
        everything = range(len(shape))
        first, second = (layout.reduced(everything, keep=True) for layout in (first, second))
        return replace(first.joined(second).broadcast(shape), uneven=uneven, bound=True)


def constant(shape: Sequence[int]) -> Layout:
    """Return the layout of a tensor that does not depend on the image."""
    return Layout(tuple(map(_dim, shape)), ())


def of_image(shape: Sequence[int], fields: Sequence[Field] | None = None) -> Layout:
    """Return the layout of the input: one image of channels and then one dim for each axis.

    >>> of_image((1, 3, 8, 6)).through(3, Window(3, padding=1), 6).along(3, axis=1)[0] == 0b11
    True
    """
    sides = [(Atom(size),) for size in shape[2:]]
    fields = fields or list(map(image, shape[2:]))
    axes = tuple(Axis(field, side) for field, side in zip(fields, sides, strict=True))
    return Layout((*map(_dim, shape[:2]), *sides), axes)


def concatenated(layouts: Sequence[Layout], dim: int) -> Layout:
    """Return the layout of tensors one after another along a dim.

    Where the dim carries no axis, its elements may see different sets: their union is kept, and marked uneven.
    """
    lengths = [layout.shape[dim] for layout in layouts]
    total, offset = sum(lengths), 0
    carried = {
        number for layout in layouts for number, axis in enumerate(layout.axes) if axis in layout.carried(dim)
    }
    parts = []
    for layout, length in zip(layouts, lengths, strict=True):
        # As if each were padded to the whole length, and all then added.
        part = layout.through(dim, Window(1, padding=offset), total) if carried else layout.resized(dim, total)
        parts.append(part)
        offset += length
    union = parts[0]
    for part in parts[1:]:
        union = union.joined(part)
    differ = any(
        not part.axes or part.axes[number].field != axis.field
        for part in parts
        for number, axis in enumerate(union.axes)
        if number not in carried
    )
    if not carried:
        return replace(union, uneven=union.uneven or differ)
    axes = tuple(
        replace(axis, field=replace(axis.field, pattern=axis.field.pattern and IRREGULAR))
        if n in carried
        else axis
        for n, axis in enumerate(union.axes)
    )
    return replace(union, axes=axes, bound=union.bound or differ)


def _with(dims: tuple[Dim, ...], number: int, new: Dim) -> tuple[Dim, ...]:
    return (*dims[:number], new, *dims[number + 1 :])


def _dim(size: int) -> Dim:
    return () if size == 1 else (Atom(size),)


def _size(atoms: Iterable[Atom]) -> int:
    return prod(atom.size for atom in atoms)


def _common(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that both are broadcast to."""
    rank = max(len(first), len(second))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in (first, second)]
    return tuple(other if one == 1 else one for one, other in zip(*padded, strict=True))


def _units(axis: Axis, atoms: Sequence[Atom]) -> list[int]:
    """Return the number of the axis's unit for each index counted through `atoms`, which hold all of its own."""
    places = [[0] * atom.size for atom in atoms]
    for atom, indices in zip(atoms, places, strict=True):
        if atom in axis.atoms:
            block = _size(axis.atoms[axis.atoms.index(atom) + 1 :])
            indices[:] = range(0, block * atom.size, block)
    return [sum(parts) for parts in product(*places)]


def _mixed(axis: Axis, atoms: Collection[Atom]) -> Axis:
    """Return the axis where units that differ only in some of its atoms see what any of them does."""
    field = axis.field
    for number, atom in enumerate(axis.atoms):
        if atom in atoms and atom.size > 1:
            outermost = _size(axis.atoms[:number]) == 1
            field = field.mixed(_size(axis.atoms[number + 1 :]), atom.size, outermost=outermost)
    return replace(axis, field=field) if field is not axis.field else axis


def _dropped(axis: Axis, atoms: Collection[Atom]) -> Axis:
    """Return the axis without some of its atoms, whose first index is taken."""
    kept = tuple(atom for atom in axis.atoms if atom not in atoms)
    gone = _size(axis.atoms) // _size(kept)
    if len(kept) == len(axis.atoms) or gone == 1:
        return replace(axis, atoms=kept) if len(kept) < len(axis.atoms) else axis
    pattern = axis.field.pattern
    inner = kept == axis.atoms[: len(kept)] and kept and pattern
    followed = pattern.after(Window(1, stride=gone)) if inner and pattern else IRREGULAR
    ranges = [[0] if atom in atoms else list(range(atom.size)) for atom in axis.atoms]
    units = [_number(axis.atoms, index) for index in product(*ranges)]
    return Axis(axis.field.picked(units, followed), kept)


def _number(atoms: Sequence[Atom], index: Sequence[int]) -> int:
    number = 0
    for atom, place in zip(atoms, index, strict=True):
        number = number * atom.size + place
    return number


def _flat(layout: Layout) -> tuple[list[Atom], tuple[Axis, ...]]:
    """Return the atoms in memory order, neighbours that belong together as one, and the axes in terms of them."""
    owner = {atom: (axis, place) for axis in layout.axes for place, atom in enumerate(axis.atoms)}
    runs: list[list[Atom]] = []
    for atom in (atom for dim in layout.dims for atom in dim if atom.size > 1 or atom in owner):
        before = runs[-1][-1] if runs else None
        if before is not None and atom.size > 1 and before.size > 1 and _continues(before, atom, owner):
            runs[-1].append(atom)
        else:
            runs.append([atom])
    atoms = [run[0] if len(run) == 1 else Atom(_size(run)) for run in runs]
    merged = {run[0]: atom for run, atom in zip(runs, atoms, strict=True)}
    inner = {atom for run in runs for atom in run[1:]}
    axes = tuple(
        replace(axis, atoms=tuple(merged[atom] for atom in axis.atoms if atom not in inner))
        for axis in layout.axes
    )
    return atoms, axes


def _continues(before: Atom, atom: Atom, owner: Mapping[Atom, tuple[Axis, int]]) -> bool:
    """Whether two neighbours are both without an axis, or follow each other within one."""
    if before not in owner or atom not in owner:
        return before not in owner and atom not in owner
    return owner[before][0] is owner[atom][0] and owner[before][1] + 1 == owner[atom][1]


def _cut(layout: Layout, shape: Sequence[int]) -> Layout | None:
    """Return the layout cut into dims of a shape, atoms split where a dim ends within one; None if they cannot be."""
    atoms, axes = _flat(layout)
    parts: dict[Atom, tuple[Atom, Atom]] = {}
    dims = []
    for size in shape:
        dim: list[Atom] = []
        if size == 1 and atoms and atoms[0].size == 1:
            dim.append(atoms.pop(0))
        while _size(dim) < size:
            atom = atoms.pop(0)
            need = size // _size(dim)
            if atom.size > need:
                if atom.size % need:
                    return None
                parts[atom] = Atom(need), Atom(atom.size // need)
                atom, rest = parts[atom]
                atoms.insert(0, rest)
            elif need % atom.size:
                return None
            if atom.size > 1:
                dim.append(atom)
        dims.append(tuple(dim))
    left = {atom for dim in dims for atom in dim}
    axes = tuple(
        replace(axis, atoms=tuple(atom for atom in _split(axis.atoms, parts) if atom in left)) for axis in axes
    )
    return replace(layout, dims=tuple(dims), axes=axes)


def _split(atoms: Iterable[Atom], parts: Mapping[Atom, tuple[Atom, Atom]]) -> list[Atom]:
    found: list[Atom] = []
    for atom in atoms:
        found.extend(_split(parts[atom], parts) if atom in parts else [atom])
    return found


def _aligned(first: Layout, second: Layout) -> tuple[Layout, Layout]:
    """Return two layouts of one shape in terms of the same atoms, wherever their dims can be cut alike."""
    carried = [{atom for axis in layout.axes for atom in axis.atoms} for layout in (first, second)]
    parts: dict[Atom, tuple[Atom, Atom]] = {}
    same: dict[Atom, Atom] = {}
    dims = []
    for one, other in zip(first.dims, second.dims, strict=True):
        if not carried[1].intersection(other):
            dims.append(one)
        elif not carried[0].intersection(one):
            dims.append(other)
        else:
            pairs = _matched(list(one), list(other), parts)
            same |= {theirs: ours for ours, theirs in pairs}
            dims.append(tuple(ours for ours, _theirs in pairs))
    ours = tuple(replace(axis, atoms=tuple(_split(axis.atoms, parts))) for axis in first.axes)
    theirs = tuple(
        replace(axis, atoms=tuple(same.get(atom, atom) for atom in _split(axis.atoms, parts)))
        for axis in second.axes
    )
    return replace(first, dims=tuple(dims), axes=ours), replace(second, dims=tuple(dims), axes=theirs)


def _matched(
    ours: list[Atom], theirs: list[Atom], parts: dict[Atom, tuple[Atom, Atom]]
) -> list[tuple[Atom, Atom]]:
    """Pair the atoms of two dims of one size, split where one ends within the other; ours alone if they cannot be."""
    pairs: list[tuple[Atom, Atom]] = []
    while ours and theirs:
        one, other = ours.pop(0), theirs.pop(0)
        larger, least = (one, other.size) if one.size > other.size else (other, one.size)
        if one.size != other.size:
            if larger.size % least:
                return [*pairs, (one, one), *((atom, atom) for atom in ours)]
            parts[larger] = Atom(least), Atom(larger.size // least)
            first, rest = parts[larger]
            (ours if larger is one else theirs).insert(0, rest)
            one, other = (first, other) if larger is one else (one, first)
        pairs.append((one, other))
    return pairs


def _entangled(first: Layout, second: Layout) -> bool:
    """Whether the union of two products of sets is more than what the units of each axis see.

    It is not where the two differ along one axis only, nor where every unit sees something in both.
    """
    pairs = [(one.field, other.field) for one, other in zip(first.axes, second.axes, strict=True)]
    differing = sum(one is not other and one != other for one, other in pairs)
    return differing > 1 and any(0 in (field.seen or ()) for pair in pairs for field in pair)


def _joined(one: Axis, other: Axis) -> Axis | None:
    """Return the axis of elements that read both; None where neither runs along all atoms of the other."""
    if one.atoms == other.atoms:
        return Axis(one.field.joined(other.field), one.atoms)
    if set(one.atoms) < set(other.atoms):
        one, other = other, one
    if not set(other.atoms) < set(one.atoms):
        return None
    if other.atoms and other.atoms == one.atoms[: len(other.atoms)]:
        inner, units = _size(one.atoms) // _size(other.atoms), _size(one.atoms)
        spread = other.field.after(Spread(inner, stride=inner), _size(other.atoms), units)
    else:
        spread = other.field.picked(_units(other, one.atoms))
    return Axis(one.field.joined(spread), one.atoms)
