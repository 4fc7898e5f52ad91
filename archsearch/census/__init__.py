"""What is known of a space as a whole: how many of its networks fit, which, and what follows from a choice."""
