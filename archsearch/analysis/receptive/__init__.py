"""Receptive fields: of the units of one axis, of a tensor that carries axes, and after each operation."""
