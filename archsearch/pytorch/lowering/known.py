"""Every torch operation that can be lowered to ours."""

from __future__ import annotations

from collections.abc import Mapping

from archsearch.pytorch.lowering.aten_call import Lowering
from archsearch.pytorch.lowering.computing import COMPUTING
from archsearch.pytorch.lowering.moving import MOVING

KNOWN: Mapping[str, Lowering] = {**COMPUTING, **MOVING}
"""The lowering of each operation that is known, by torch's name without namespace and overload."""
