"""What the files say that a package manager is given: one reader for each kind."""
