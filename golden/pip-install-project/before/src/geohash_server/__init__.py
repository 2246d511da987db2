from ._encode import encode

__all__ = ["encode"]
