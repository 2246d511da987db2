from collections import Counter, defaultdict


class FriendGraph:
    """An undirected graph in memory."""

    def __init__(self):
        self._edges = defaultdict(set)

    def add(self, a, b):
        self._edges[a].add(b)
        self._edges[b].add(a)

    def of(self, user):
        return self._edges.get(user, set())

    def suggest(self, user):
        """Friends of friends, the most often shared first."""
        near = self.of(user)
        counts = Counter(far for friend in near for far in self.of(friend) if far != user and far not in near)
        return [name for name, _ in counts.most_common()]
