from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verify_images import GROUP, PASSWD, file, folder, header, link, program, snapshot, tar

from dockfix.verify.snapshot import Entry, Snapshot, SnapshotError, read_snapshot


def read(data: bytes, base: Snapshot | None = None) -> Snapshot:
    return read_snapshot(io.BytesIO(data), base)


def test_entries_of_each_kind() -> None:
    found = read(
        tar(
            {
                "app": header(tarfile.DIRTYPE, mode=0o2750),
                "app/main.py": b"print()",
                "app/again.py": header(tarfile.LNKTYPE, "app/main.py"),
                "app/current": header(tarfile.SYMTYPE, "main.py"),
                "app/queue": header(tarfile.FIFOTYPE),
                "app/lib.so.1": b"\x7fELF...",
                "app/" + "long" * 60: b"",
            }
        )
    ).entries
    main = found["/app/main.py"]
    assert (main.kind, main.mode, main.size, main.mtime, main.elf) == ("file", 0o644, 7, 1_700_000_000, False)
    assert len(main.digest) == 32
    assert found["/app/again.py"] == main
    assert (found["/app"].kind, found["/app"].mode) == ("dir", 0o2750)
    assert (found["/app/current"].kind, found["/app/current"].target) == ("link", "main.py")
    assert found["/app/queue"].kind == "other"
    assert found["/app/lib.so.1"].elf
    assert found["/app/" + "long" * 60].digest != main.digest


@pytest.mark.parametrize("name", ["./srv/x", "srv/x", "/srv/x", "srv//x"])
def test_names_are_absolute_and_folders_that_are_not_named_are_there(name: str) -> None:
    assert set(read(tar({name: b""})).entries) == {"/", "/srv", "/srv/x"}


def test_an_empty_archive_has_a_root() -> None:
    assert read(tar({})).entries == {"/": Entry("dir")}


def test_content_of_packages_is_not_read_but_elf_is_seen() -> None:
    found = read(
        tar(
            {
                "v/lib/python3.11/site-packages/a.so": b"\x7fELF",
                "v/lib/python3.11/site-packages/a.py": b"x",
                "a/__pycache__/b": b"\x7fELF",
            }
        )
    ).entries
    assert [entry.digest for entry in found.values() if entry.kind == "file"] == ["", "", ""]
    assert {path for path, entry in found.items() if entry.elf} == {"/v/lib/python3.11/site-packages/a.so"}


def test_what_is_as_in_the_base_is_not_read_again() -> None:
    base = read(tar({"a": b"old", "b": b"old"}))
    found = read(tar({"a": b"new", "b": b"longer"}), base)
    assert found.entries["/a"].digest == base.entries["/a"].digest  # same size, time and mode
    assert found.entries["/b"].digest != base.entries["/b"].digest


def test_texts_and_owned_paths() -> None:
    found = read(
        tar(
            {
                "usr/bin/sh": b"",
                "bin": header(tarfile.SYMTYPE, "usr/bin"),
                "var/lib/dpkg/status": b"Package: libc6\nStatus: install ok installed\nVersion: 2.36-9\n",
                "var/lib/dpkg/info/dash.list": b"/.\n/bin/sh\n/usr/share/doc/x\n",
                "usr/lib/os-release": b'VERSION_CODENAME="bookworm"\n',
                "etc/os-release": header(tarfile.SYMTYPE, "../usr/lib/os-release"),
            }
        )
    )
    assert found.suite == "bookworm"
    assert found.owned == {"/", "/usr/bin/sh", "/usr/share/doc/x"}
    assert set(found.texts) == {"/usr/lib/os-release"}


def test_alpine() -> None:
    found = read(
        tar(
            {
                "lib/apk/db/installed": b"P:musl\nV:1.2.5-r0\nF:lib\nR:ld-musl.so.1\n\nP:zlib\nV:1.3\nF:usr/lib\nR:libz.so\n"
            }
        )
    )
    assert found.owned == {"/lib", "/lib/ld-musl.so.1", "/usr/lib", "/usr/lib/libz.so"}
    assert found.suite == ""


@pytest.mark.parametrize("cut", [100, 512, 600, 1024, 1536, 2048])
def test_a_stream_that_ends_early_is_no_smaller_image(cut: int) -> None:
    data = tar({"a": b"x" * 300, "b": b"y" * 300})[:2048]  # two headers with a block each, no end
    assert set(read(data + bytes(1024)).entries) == {"/", "/a", "/b"}
    with pytest.raises(SnapshotError):
        read(data[:cut])


@pytest.mark.parametrize(
    "data", [b"", tar({"a": header(tarfile.LNKTYPE, "nowhere")}), tar({"a": b""})[:512] + b"no header" * 200]
)
def test_a_damaged_stream(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        read(data)


WHOLE = tar({"a/b": b"x" * 600, "c": header(tarfile.SYMTYPE, "a")})
DAMAGED = st.builds(
    lambda at, data: WHOLE[:at] + data + WHOLE[at + len(data) :],
    st.integers(0, 2047),
    st.binary(min_size=1, max_size=40),
)


@settings(deadline=None)
@given(st.binary(max_size=1500) | DAMAGED)
def test_any_bytes_give_a_snapshot_or_an_error(data: bytes) -> None:
    try:
        found = read(data)
    except SnapshotError:
        return
    assert "/" in found.entries


def test_resolve() -> None:
    found = snapshot(
        {
            "/usr/bin/python3.11": program(),
            "/usr/bin/python3": link("python3.11"),
            "/bin": link("usr/bin"),
            "/v/bin/python": link("/bin/python3"),
            "/a": link("b"),
            "/b": link("a"),
            "/lost": link("/nowhere"),
            "/up": link("../../usr"),
            "/etc/x": file(),
        }
    )
    assert found.resolve("/v/bin/python") == "/usr/bin/python3.11"
    assert found.resolve("/up/bin/../bin/./python3") == "/usr/bin/python3.11"
    assert found.resolve("/bin") == "/usr/bin"
    assert found.resolve("/") == "/"
    assert [found.resolve(path) for path in ("/a", "/lost", "/nowhere", "/etc/x/y", "/etc/x/..")] == [None] * 5


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=2).map("/".__add__),
        st.lists(st.sampled_from(["a", "b", "c", "ab", "..", ".", "", "/a"]), max_size=4).map("/".join),
        max_size=8,
    ),
    st.text("abc/.", max_size=8),
)
def test_resolve_ends_for_any_links(links: dict[str, str], path: str) -> None:
    found = snapshot({name: link(target) for name, target in links.items()})
    real = found.resolve("/" + path)
    assert real is None or (found.entries[real].kind != "link" and found.resolve(real) == real)


def test_programs() -> None:
    found = snapshot(
        {
            "/usr/bin/a": program(),
            "/usr/local/bin/a": program(),
            "/usr/bin/data": file(),
            "/usr/bin/b": link("a"),
            "/bin": link("usr/bin"),
            "/usr/bin/lost": link("/x"),
        }
    )
    path = "/usr/local/bin:/bin:relative:"
    assert found.programs(path) == {"a": "/usr/local/bin/a", "b": "/bin/b"}
    assert found.which("b", path) == "/bin/b"
    assert [found.which(name, path) for name in ("data", "lost", "c", "")] == [None] * 4


@pytest.mark.parametrize(
    ("spec", "name", "uid", "gid", "groups", "home"),
    [
        ("", "root", 0, 0, {0}, "/root"),
        ("app", "app", 1000, 1000, {1000, 2000}, "/home/app"),
        ("1000", "app", 1000, 1000, {1000, 2000}, "/home/app"),
        ("app:data", "app", 1000, 2000, {2000}, "/home/app"),
        ("10001:10001", "10001", 10001, 10001, {10001}, "/"),
        ("10001", "10001", 10001, 0, {0}, "/"),
    ],
)
def test_user(spec: str, name: str, uid: int, gid: int, groups: set[int], home: str) -> None:
    user = snapshot().user(spec)
    assert (user.name, user.uid, user.gid, user.groups, user.home) == (name, uid, gid, groups, home)


@pytest.mark.parametrize("spec", ["web", "app:web", "web:1000"])
def test_unknown_user(spec: str) -> None:
    with pytest.raises(KeyError):
        snapshot().user(spec)


def test_an_image_without_accounts_has_root() -> None:
    user = snapshot(texts={}).user("")
    assert (str(user), user.uid, user.home) == ("root", 0, "/")


def test_permissions() -> None:
    found = snapshot(
        {
            "/app": folder(owner=1000),
            "/app/own": file(mode=0o600, owner=1000),
            "/srv/shared": folder(0o2770, 2000),
            "/srv/x": file(mode=0o644),
            "/root/x": file(mode=0o666),
            "/srv/run": file(mode=0o754),
            "/l": link("/app/own"),
            "/srv/list": folder(0o744),
        },
        {"/etc/passwd": PASSWD, "/etc/group": GROUP},
    )
    app, root, other = found.user("app"), found.user(""), found.user("5:5")
    assert {path for path in found.entries if found.writable(path, app)} == {
        "/tmp",
        "/app",
        "/app/own",
        "/srv/shared",
        "/l",
    }
    assert not found.readable("/root/x", app)  # /root itself is closed
    assert found.readable("/srv/x", other)
    assert not found.readable("/srv/list", other)  # its names, but not what is in it
    assert found.executable("/srv/run", root)
    assert not found.executable("/srv/run", other)
    assert not found.executable("/srv/x", root)
    assert found.writable("/root/x", root)
    assert not found.writable("/nowhere", root)
