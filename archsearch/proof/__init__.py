"""Our figures against those of others: receptive sets proved by running the module, counts beside fvcore's."""
