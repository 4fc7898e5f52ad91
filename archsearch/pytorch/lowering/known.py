"""Every torch operation that can be lowered to ours."""

from __future__ import annotations

from collections.abc import Mapping

from archsearch.pytorch.lowering.aten_call import Lowering
from archsearch.pytorch.lowering.computing import COMPUTING
from archsearch.pytorch.lowering.indexing import INDEXING
from archsearch.pytorch.lowering.moving import MOVING
from archsearch.pytorch.lowering.recurrent import RECURRENT

KNOWN: Mapping[str, Lowering] = {**COMPUTING, **MOVING, **INDEXING, **RECURRENT}
"""The lowering of each operation that is known, by torch's name without namespace and overload."""
