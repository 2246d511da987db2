from http.server import ThreadingHTTPServer

from .handler import Handler

ThreadingHTTPServer(("0.0.0.0", 7000), Handler).serve_forever()
