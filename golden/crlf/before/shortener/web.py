import hashlib

import tornado.web

LINKS = {}


def shorten(url):
    code = hashlib.blake2s(url.encode(), digest_size=4).hexdigest()
    LINKS[code] = url
    return code


class Status(tornado.web.RequestHandler):
    def get(self):
        self.write({"status": "up", "links": len(LINKS)})


class New(tornado.web.RequestHandler):
    def post(self):
        self.set_status(201)
        self.write({"code": shorten(self.get_body_argument("url"))})


class Follow(tornado.web.RequestHandler):
    def get(self, code):
        if code not in LINKS:
            raise tornado.web.HTTPError(404)
        self.redirect(LINKS[code])


def make_app():
    return tornado.web.Application([("/status", Status), ("/new", New), ("/([0-9a-f]{8})", Follow)])
