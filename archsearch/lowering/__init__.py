"""What each of torch's operations is in terms of ours."""

from __future__ import annotations

from collections.abc import Mapping

from archsearch.lowering.computing import COMPUTING
from archsearch.lowering.moving import MOVING
from archsearch.lowering.place import Argument, Lowering, NotKnownError, Place, Value

KNOWN: Mapping[str, Lowering] = {**COMPUTING, **MOVING}
"""The lowering of each operation that is known, by torch's name without namespace and overload."""

__all__ = ["KNOWN", "Argument", "NotKnownError", "Place", "Value"]
