"""Answers with the sum of the numbers in the path, worked out by bc and formatted by jq."""

import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer


class Report(BaseHTTPRequestHandler):
    def do_GET(self):
        numbers = [part for part in self.path.strip("/").split("+") if part.replace(".", "", 1).isdigit()]
        total = subprocess.run(["bc"], input="+".join(numbers or ["0"]) + "\n", capture_output=True, text=True, check=True)
        body = subprocess.run(["jq", "-c", "{sum: .}"], input=total.stdout, capture_output=True, text=True, check=True)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.stdout.encode())


HTTPServer(("", 8090), Report).serve_forever()
