from http.server import BaseHTTPRequestHandler, HTTPServer

import yaml


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(yaml.safe_dump({"path": self.path}).encode())


HTTPServer(("", 8000), Handler).serve_forever()
