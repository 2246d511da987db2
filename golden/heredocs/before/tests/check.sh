#!/bin/sh
# usage: tests/check.sh http://localhost:8070
set -e
curl -fsS "$1/" | grep -q interfaces
curl -fsS "$1/build" | grep -q 'built for'
