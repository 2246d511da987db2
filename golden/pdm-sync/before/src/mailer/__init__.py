"""Sends what is in the queue."""
