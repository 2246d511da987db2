from changelog import git


def test_first_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(git, "ROOT", tmp_path)
    assert git.log(git.ensure("demo")) == ["Start the log"]
