import argparse
import pathlib
import sqlite3

import itsdangerous

parser = argparse.ArgumentParser()
parser.add_argument("--db", type=pathlib.Path)
database = parser.parse_args().db
database.parent.mkdir(parents=True, exist_ok=True)
with sqlite3.connect(database) as connection:
    connection.execute("create table if not exists orders (id text)")
    connection.execute("insert into orders values (?)", [itsdangerous.__name__])
    print("orders", connection.execute("select count(*) from orders").fetchone()[0])
