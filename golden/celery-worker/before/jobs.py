"""Adds numbers, in memory."""

from celery import Celery

app = Celery("jobs", broker="memory://", backend="cache+memory://")


@app.task
def add(one, other):
    return one + other
