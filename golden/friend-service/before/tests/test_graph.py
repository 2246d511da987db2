from app.graph import FriendGraph


def test_suggestions_are_friends_of_friends():
    graph = FriendGraph()
    graph.add("ann", "bob")
    graph.add("bob", "cho")
    assert graph.suggest("ann") == ["cho"]
    assert graph.suggest("bob") == []
