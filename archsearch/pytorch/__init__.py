"""To torch and back: modules found by name, built of graphs, traced into graphs."""
