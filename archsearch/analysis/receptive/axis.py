"""One axis of the image within a tensor: which dims it runs along, and what is seen along it.

A dim is a product of *atoms*. The height of a map is one atom. A list of tokens has two, height and width; the
height of a map that is partitioned into windows has two as well, the window and the place in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TypeAlias

from archsearch.analysis.receptive.field import AxisField
from archsearch.analysis.receptive.pattern import IRREGULAR
from archsearch.graph.windows import TransposedWindow, Window


@dataclass(frozen=True, eq=False)
class Atom:
    """A factor of a dim. Atoms are compared by identity: two of the same size are different."""

    size: int


Dim: TypeAlias = tuple[Atom, ...]
"""The atoms of a dim, in row-major order: the last one varies fastest. A dim of size 1 has none."""


@dataclass(frozen=True)
class Axis:
    """What is seen along one axis of the image; the field's units are numbered in row-major order of `atoms`.

    Without atoms there is one unit: every element of the tensor sees the same.
    """

    field: AxisField
    atoms: Dim

    def units(self, atoms: Sequence[Atom]) -> list[int]:
        """Return the unit at each index along `atoms`, in row-major order; they include all atoms of the axis."""
        places = [[0] * atom.size for atom in atoms]
        for atom, indices in zip(atoms, places, strict=True):
            if atom in self.atoms:
                block = size_of(self.atoms[self.atoms.index(atom) + 1 :])
                indices[:] = range(0, block * atom.size, block)
        return [sum(parts) for parts in product(*places)]

    def mixed(self, atoms: Collection[Atom]) -> Axis:
        """Return the axis where units that differ only along `atoms` all see what any of them sees."""
        field = self.field
        for number, atom in enumerate(self.atoms):
            if atom in atoms and atom.size > 1:
                outermost = size_of(self.atoms[:number]) == 1
                field = field.mixed(size_of(self.atoms[number + 1 :]), atom.size, outermost=outermost)
        return replace(self, field=field) if field is not self.field else self

    def dropped(self, atoms: Collection[Atom]) -> Axis:
        """Return the axis at the first index of `atoms`, which are left out."""
        kept = tuple(atom for atom in self.atoms if atom not in atoms)
        gone = size_of(self.atoms) // size_of(kept)
        if len(kept) == len(self.atoms) or gone == 1:
            return replace(self, atoms=kept) if len(kept) < len(self.atoms) else self
        pattern = self.field.pattern
        inner = kept == self.atoms[: len(kept)] and kept and pattern
        followed = pattern.after(Window(1, stride=gone)) if inner and pattern else IRREGULAR
        ranges = [[0] if atom in atoms else list(range(atom.size)) for atom in self.atoms]
        units = [_number(self.atoms, index) for index in product(*ranges)]
        return Axis(self.field.picked(units, followed), kept)

    def listed(self, atoms: Sequence[Atom]) -> tuple[AxisField, bool]:
        """Return what is seen along a dim made of `atoms`, and whether they include all atoms of this axis.

        If they do not, units that differ only along other dims are taken together.
        """
        elsewhere = set(self.atoms).difference(atoms)
        whole = self.mixed(elsewhere).dropped(elsewhere)
        return whole.field.picked(whole.units(atoms)), not elsewhere

    def joined(self, other: Axis) -> Axis | None:
        """Return the axis of elements that read both; None unless the atoms of one include those of the other."""
        if self.atoms == other.atoms:
            return Axis(self.field.joined(other.field), self.atoms)
        if set(self.atoms) < set(other.atoms):
            return other.joined(self)
        if not set(other.atoms) < set(self.atoms):
            return None
        if other.atoms and other.atoms == self.atoms[: len(other.atoms)]:
            inner = size_of(self.atoms) // size_of(other.atoms)
            spread = other.field.after(
                TransposedWindow(inner, stride=inner), size_of(other.atoms), size_of(self.atoms)
            )
        else:
            spread = other.field.picked(other.units(self.atoms))
        return Axis(self.field.joined(spread), self.atoms)


def size_of(atoms: Iterable[Atom]) -> int:
    """Return the number of indices along atoms."""
    return prod(atom.size for atom in atoms)


def _number(atoms: Sequence[Atom], index: Sequence[int]) -> int:
    number = 0
    for atom, place in zip(atoms, index, strict=True):
        number = number * atom.size + place
    return number
