"""Shortens links."""
