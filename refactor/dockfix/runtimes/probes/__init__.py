"""Scripts that run inside images, by the interpreter that they bring, with nothing but what comes with it.

Each prints ``MARK`` and behind it, on one line, a JSON object.

``packages`` says what is installed: the path of the ``executable``, its ``version``, the version of each of the ``packages`` by normalised
name (with ``@`` and the version behind it where there may be several of one name), the ``modules`` by name with why they cannot be loaded
("" where they can), and ``data``, the folder for those files of packages that are not code ("" where there is none). ``libc`` and
``machine`` are those of the image; ``seen`` has for each package its ``name``,
``version``, ``kind`` (pure, binary or compiled), the shared libraries that it ``needs`` and none of the packages holds, and what it
``requires``. $DOCKFIX_MODULES names more modules to try, separated by white space.

``ports`` waits until what was asked for answers on this network, a given time at most. $DOCKFIX_PROBE is a JSON object: ``seconds``, the
``ports`` to be opened, the ``requests`` (``port``, ``path``, the ``statuses`` that will do or none for any, a text to ``expect``), and
``roots``, whether to ask open ports for ``/``, the paths of ``routes`` to ask the first of them for that speaks HTTP, and ``holds``: for
how many seconds what answers has to go on doing so, and is asked for ``/`` and the routes then (0: it is not watched). It prints the
ports that are ``open``, the ``answers`` (``status``, 0 where it is no HTTP, and ``body``), which of them are ``good``, by port the
statuses of the ``roots``, by path those of the ``routes``, of which port these are (``web``, 0 for none), the ports that something is
``listening`` on, and the ``processes`` that it sees (``pid``, ``command`` as words, ``ticks`` that it has computed); whether all went on
answering (``held``), and the processes ``earlier``, before that.

``libraries`` has the loader list what files are linked with, where there is no shell for ldd: what it has ``said`` of each of the paths
in $DOCKFIX_FILES, a line each, and whether there is a loader (``loads``).
"""

from __future__ import annotations

from pathlib import Path

MARK = "dockfix-probe:"


def source(name: str) -> str:
    """The text of a script beside this module."""
    return (Path(__file__).parent / name).read_text("utf-8")
