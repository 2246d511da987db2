import os
import sqlite3
import sys

PATH = os.environ.get("TODO_DB", os.path.join(os.path.dirname(__file__), "..", "data", "todo.db"))


def connect():
    db = sqlite3.connect(PATH)
    db.row_factory = sqlite3.Row
    return db


def init():
    with connect() as db:
        db.execute("create table if not exists todo (id integer primary key, text not null, done integer default 0)")


if __name__ == "__main__" and sys.argv[1:] == ["init"]:
    init()
    print("tables are there")
