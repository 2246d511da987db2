import redis.asyncio as redis


class Silent:
    """Used where no Redis is configured."""

    async def publish(self, room, text):
        return 0


def make_broker(url):
    return redis.from_url(url) if url else Silent()
