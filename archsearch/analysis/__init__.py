"""What a graph costs and sees, operation by operation, in exact integers; and whether it keeps limits."""
