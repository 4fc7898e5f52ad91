"""What several tests share: networks, modules, images, and ways to run and to compare."""
