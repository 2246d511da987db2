"""The transform protocol, the registry and the runner."""
