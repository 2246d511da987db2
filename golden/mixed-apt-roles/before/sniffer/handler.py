import io
import json
import subprocess
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import magic
import pycurl


def fetch(url):
    buffer = io.BytesIO()
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.TIMEOUT, 5)
    curl.setopt(pycurl.WRITEDATA, buffer)
    curl.perform()
    curl.close()
    return buffer.getvalue()


def pretty(data):
    return subprocess.run(["jq", "--sort-keys", "."], input=data, capture_output=True, check=True).stdout


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/about":
            answer = {"curl": pycurl.version, "magic": magic.from_buffer(b"%PDF-1.4\n", mime=True)}
        else:
            answer = {"type": magic.from_buffer(fetch(parse_qs(url.query)["url"][0]), mime=True)}
        body = pretty(json.dumps(answer).encode())
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)
