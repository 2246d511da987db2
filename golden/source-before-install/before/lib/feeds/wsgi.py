import falcon
from feedgen.feed import FeedGenerator

from feeds.entries import ENTRIES


class Atom:
    def on_get(self, request, response):
        feed = FeedGenerator()
        feed.id("urn:feeds:diary")
        feed.title("Diary")
        for number, (title, when) in enumerate(ENTRIES):
            entry = feed.add_entry()
            entry.id(f"urn:feeds:diary:{number}")
            entry.title(title)
            entry.content(title)
            entry.updated(when)
        response.content_type = "application/atom+xml"
        response.data = feed.atom_str()


application = falcon.App()
application.add_route("/diary.atom", Atom())
