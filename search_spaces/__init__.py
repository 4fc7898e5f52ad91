"""The search spaces that archsearch ships."""
