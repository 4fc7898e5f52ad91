"""The primitive operations: all about each in one place."""
