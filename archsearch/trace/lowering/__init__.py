"""What each of torch's operations is in terms of ours."""

from __future__ import annotations

from collections.abc import Mapping

from archsearch.trace.lowering.computing import COMPUTING
from archsearch.trace.lowering.moving import MOVING
from archsearch.trace.lowering.place import Argument, Lowering, NotKnownError, Place, Value

KNOWN: Mapping[str, Lowering] = {**COMPUTING, **MOVING}
"""The lowering of each operation that is known, by torch's name without namespace and overload."""

__all__ = ["KNOWN", "Argument", "NotKnownError", "Place", "Value"]
