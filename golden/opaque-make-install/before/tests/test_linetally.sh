#!/bin/sh
# builds the tool and checks one count
set -e
make -C "$(dirname "$0")/../vendor/linetally"
test "$(printf 'a b\nc\n' | "$(dirname "$0")/../vendor/linetally/linetally")" = "2 3 6"
