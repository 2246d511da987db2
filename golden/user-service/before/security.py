from datetime import datetime, timedelta, timezone

from jose import JWTError, jwt
from passlib.context import CryptContext

from settings import settings

_context = CryptContext(schemes=["bcrypt"])


def hash_password(password: str) -> str:
    return _context.hash(password)


def verify_password(password: str, hashed: str) -> bool:
    return _context.verify(password, hashed)


def make_token(subject: str) -> str:
    expires = datetime.now(timezone.utc) + timedelta(minutes=settings.token_minutes)
    return jwt.encode({"sub": subject, "exp": expires}, settings.jwt_secret, algorithm="HS256")


def read_token(token: str) -> str | None:
    try:
        return jwt.decode(token, settings.jwt_secret, algorithms=["HS256"])["sub"]
    except (JWTError, KeyError):
        return None
