#!/bin/sh
exec uv run --frozen python -m queue_view
