"""The recipes that archsearch ships."""
