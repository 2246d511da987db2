# pyproject.toml cannot describe extension modules yet
from setuptools import Extension, setup

setup(ext_modules=[Extension("geohash_server._encode", ["src/geohash_server/_encode.c"])])
