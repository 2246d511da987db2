"""Facts about the build context around a Dockerfile: read only, and nothing in it is ever run."""
