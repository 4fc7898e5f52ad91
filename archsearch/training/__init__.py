"""How a network is trained and measured."""
