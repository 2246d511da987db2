import uploader


def test_put(tmp_path, monkeypatch):
    monkeypatch.setattr(uploader, "UPLOADS", tmp_path)
    response = uploader.app.test_client().put("/files", data=b"abc")
    assert (tmp_path / response.json["name"]).read_bytes() == b"abc"
