"""To torch and back: modules found by name, built from graphs, traced into graphs."""
