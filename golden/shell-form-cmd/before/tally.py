"""Counts votes: a POST to /NAME is a vote, a GET of / shows the counts."""

import collections
import json

votes = collections.Counter()


def app(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    if environ["REQUEST_METHOD"] == "POST" and name:
        votes[name] += 1
    body = json.dumps(dict(votes.most_common())).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
