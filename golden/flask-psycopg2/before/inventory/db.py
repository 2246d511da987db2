import psycopg2
from psycopg2.extras import RealDictCursor


class Unavailable(Exception):
    pass


def libpq_version():
    return psycopg2.extensions.libpq_version()


def items(dsn):
    try:
        connection = psycopg2.connect(dsn, connect_timeout=2)
    except psycopg2.OperationalError as error:
        raise Unavailable(f"no database: {error}".strip()) from error
    with connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute("select id, name, amount from items order by id")
        return cursor.fetchall()
