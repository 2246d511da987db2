"""dockfix turns a single-stage Dockerfile into a small multi-stage one."""

__version__ = "0.1.0"
