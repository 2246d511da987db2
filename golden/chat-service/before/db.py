import os

from sqlalchemy import LargeBinary, String
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# 메시지는 작업 디렉터리의 SQLite 파일에 저장된다 (운영 환경에서는 DATABASE_URL 로 바꾼다)
engine = create_async_engine(os.getenv("DATABASE_URL", "sqlite+aiosqlite:///./chat.db"))
session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Message(Base):
    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(80), index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


async def create_tables():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
