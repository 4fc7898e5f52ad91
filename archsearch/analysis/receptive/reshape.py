"""Split and merge atoms: to view a tensor in another shape, or to compare it with another tensor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from archsearch.analysis.receptive.axis import Atom, Axis, Dim, size_of

Dims: TypeAlias = tuple[Dim, ...]
Axes: TypeAlias = tuple[Axis, ...]


def cut(dims: Sequence[Dim], axes: Sequence[Axis], shape: Sequence[int]) -> tuple[Dims, Axes] | None:
    """Return the dims and axes of a view of another shape; None where an atom cannot be split as it needs.

    An atom is split where a new dim ends within it.
    """
    atoms, merged = _flat(dims, axes)
    parts: dict[Atom, tuple[Atom, Atom]] = {}
    found: list[Dim] = []
    for size in shape:
        dim: list[Atom] = []
        if size == 1 and atoms and atoms[0].size == 1:
            dim.append(atoms.pop(0))
        while size_of(dim) < size:
            atom = atoms.pop(0)
            need = size // size_of(dim)
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
        found.append(tuple(dim))
    left = {atom for dim in found for atom in dim}
    cut_axes = tuple(
        replace(axis, atoms=tuple(atom for atom in _split(axis.atoms, parts) if atom in left)) for axis in merged
    )
    return tuple(found), cut_axes


def aligned(
    first: tuple[Sequence[Dim], Sequence[Axis]], second: tuple[Sequence[Dim], Sequence[Axis]]
) -> tuple[Dims, Axes, Axes]:
    """Return the dims of two tensors of the same shape, and the axes of each, in terms of the same atoms.

    A dim whose two factorizations do not fit keeps the atoms of the first tensor, which its axes alone refer to.
    """
    if tuple(first[0]) == tuple(second[0]):
        return tuple(first[0]), tuple(first[1]), tuple(second[1])
    if not {atom for dim in first[0] for atom in dim}.isdisjoint(atom for dim in second[0] for atom in dim):
        second = _renewed(*second)
    carried = [{atom for axis in axes for atom in axis.atoms} for _dims, axes in (first, second)]
    parts: dict[Atom, tuple[Atom, Atom]] = {}
    same: dict[Atom, Atom] = {}
    dims: list[Dim] = []
    for one, other in zip(first[0], second[0], strict=True):
        if not carried[1].intersection(other):
            dims.append(one)
        elif not carried[0].intersection(one):
            dims.append(other)
        else:
            pairs = _matched(list(one), list(other), parts)
            same |= {theirs: ours for ours, theirs in pairs}
            dims.append(tuple(ours for ours, _theirs in pairs))
    ours = tuple(replace(axis, atoms=tuple(_split(axis.atoms, parts))) for axis in first[1])
    theirs = tuple(
        replace(axis, atoms=tuple(same.get(atom, atom) for atom in _split(axis.atoms, parts)))
        for axis in second[1]
    )
    return tuple(dims), ours, theirs


def _renewed(dims: Sequence[Dim], axes: Sequence[Axis]) -> tuple[Dims, Axes]:
    """Return the same with new atoms: two views of one tensor share theirs, perhaps in different places."""
    new = {atom: Atom(atom.size) for atom in (*sum(dims, ()), *(atom for axis in axes for atom in axis.atoms))}
    renewed = tuple(replace(axis, atoms=tuple(new[atom] for atom in axis.atoms)) for axis in axes)
    return tuple(tuple(new[atom] for atom in dim) for dim in dims), renewed


def _flat(dims: Sequence[Dim], axes: Sequence[Axis]) -> tuple[list[Atom], Axes]:
    """Return the atoms in memory order, with neighbours merged where possible, and the axes in terms of them."""
    owner = {atom: (axis, place) for axis in axes for place, atom in enumerate(axis.atoms)}
    runs: list[list[Atom]] = []
    for atom in (atom for dim in dims for atom in dim if atom.size > 1 or atom in owner):
        before = runs[-1][-1] if runs else None
        if before is not None and atom.size > 1 and before.size > 1 and _continues(before, atom, owner):
            runs[-1].append(atom)
        else:
            runs.append([atom])
    atoms = [run[0] if len(run) == 1 else Atom(size_of(run)) for run in runs]
    merged = {run[0]: atom for run, atom in zip(runs, atoms, strict=True)}
    inner = {atom for run in runs for atom in run[1:]}
    merged_axes = tuple(
        replace(axis, atoms=tuple(merged[atom] for atom in axis.atoms if atom not in inner)) for axis in axes
    )
    return atoms, merged_axes


def _continues(before: Atom, atom: Atom, owner: Mapping[Atom, tuple[Axis, int]]) -> bool:
    """Whether two neighbours can be merged: both belong to no axis, or they are consecutive in the same one."""
    if before not in owner or atom not in owner:
        return before not in owner and atom not in owner
    return owner[before][0] is owner[atom][0] and owner[before][1] + 1 == owner[atom][1]


def _split(atoms: Iterable[Atom], parts: Mapping[Atom, tuple[Atom, Atom]]) -> list[Atom]:
    found: list[Atom] = []
    for atom in atoms:
        found.extend(_split(parts[atom], parts) if atom in parts else [atom])
    return found


def _matched(
    ours: list[Atom], theirs: list[Atom], parts: dict[Atom, tuple[Atom, Atom]]
) -> list[tuple[Atom, Atom]]:
    """Pair the atoms of two dims of one size, split where they overlap; ours with themselves where it fails."""
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
