"""Keeps uploads under the hash of what is in them."""

import getpass
import hashlib
from pathlib import Path

from cffi import FFI
from flask import Flask, request

UPLOADS = Path(__file__).parent / "uploads"

ffi = FFI()
ffi.cdef("long sysconf(int name);")
libc = ffi.dlopen(None)

app = Flask(__name__)


@app.get("/whoami")
def whoami():
    return {"user": getpass.getuser(), "home": str(Path.home()), "page_size": libc.sysconf(30)}


@app.get("/selftest")
def selftest():
    probe = UPLOADS / "probe"
    probe.write_text("x")
    probe.unlink()
    return {"uploads": "writable"}


@app.put("/files")
def put():
    data = request.get_data()
    name = hashlib.sha256(data).hexdigest()
    (UPLOADS / name).write_bytes(data)
    return {"name": name}, 201
