#!/bin/sh
set -e

if [ -n "$DB_HOST" ]; then
    echo "waiting for $DB_HOST:${DB_PORT:-5432}"
    until nc -z "$DB_HOST" "${DB_PORT:-5432}"; do
        sleep 1
    done
fi

# the tables are made on every start: it does nothing where they exist
mkdir -p /code/data
python -m todo.store init

exec "$@"
