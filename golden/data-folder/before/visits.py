"""Counts its visitors in a database that lies outside of the code."""

import json
import os
import sqlite3
from http.server import BaseHTTPRequestHandler, HTTPServer

FOLDER = os.environ.get("VISITS_DIR", "/data/visits")
os.makedirs(FOLDER, exist_ok=True)


class Visits(BaseHTTPRequestHandler):
    def do_GET(self):
        with sqlite3.connect(os.path.join(FOLDER, "visits.db")) as database:
            database.execute("CREATE TABLE IF NOT EXISTS visits (path TEXT)")
            database.execute("INSERT INTO visits VALUES (?)", (self.path,))
            (count,) = database.execute("SELECT count(*) FROM visits").fetchone()
        body = json.dumps({"visits": count}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("", 8000), Visits).serve_forever()
