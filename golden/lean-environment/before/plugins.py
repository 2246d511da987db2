"""Tells which plugins are installed, as programs of the days of setuptools do."""

import logging
import sys
import time

import pkg_resources
import simplejson
from pythonjsonlogger import jsonlogger

handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(jsonlogger.JsonFormatter())
logging.basicConfig(handlers=[handler], level=logging.INFO)

if simplejson._speedups is None:
    raise SystemExit("simplejson has lost its speedups")
names = sorted(each.project_name for each in pkg_resources.working_set)
while True:
    logging.info(simplejson.dumps({"plugins": names, "setuptools": pkg_resources.require("setuptools")[0].version}))
    time.sleep(5)
