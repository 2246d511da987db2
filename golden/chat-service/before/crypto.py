"""Messages are stored encrypted."""

import os

from cryptography.fernet import Fernet

_fernet = Fernet(os.environ.get("CHAT_KEY") or Fernet.generate_key())


def seal(text: str) -> bytes:
    return _fernet.encrypt(text.encode())


def unseal(body: bytes) -> str:
    return _fernet.decrypt(body).decode()
