"""Where studies are kept: the database, its tables, and the trials that several runs write there at once."""
