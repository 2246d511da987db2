"""Tells the date of a number of days since 1 January 1970."""

from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer


class Clock(BaseHTTPRequestHandler):
    def do_GET(self):
        days = self.path.strip("/")
        day = date(1970, 1, 1) + timedelta(days=int(days) if days.isdigit() else 0)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(day.isoformat().encode())


HTTPServer(("", 8070), Clock).serve_forever()
