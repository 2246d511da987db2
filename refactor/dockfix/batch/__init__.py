"""Many files: finding Dockerfiles, running the engine over them, and writing without ever leaving half a file."""
