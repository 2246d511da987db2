"""The books of a small shop."""
