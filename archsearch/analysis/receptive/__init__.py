"""Receptive fields: what one axis is, how a tensor carries axes, and what each operation does to both."""
