"""Serves the words that begin with what the path says."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

WORDS = Path("lists/words.txt").read_text().split()


class Words(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps([word for word in WORDS if word.startswith(self.path.strip("/"))]).encode())


HTTPServer(("", 8060), Words).serve_forever()
