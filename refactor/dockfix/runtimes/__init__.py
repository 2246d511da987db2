"""What runs the programs of a language: may its packages move, what do they need, how is it started and probed."""
