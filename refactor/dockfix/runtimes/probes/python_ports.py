"""Waits until ports of this network answer, asks them over HTTP, and prints what they say, with what listens and what runs beside it.

Settings: JSON in $DOCKFIX_PROBE.
"""

import http.client
import json
import os
import socket
import sys
import time
from typing import Any, Dict, List, Set

LISTENS = "0A"  # the state of a socket in /proc/net/tcp
RESOLVER = "0B00007F"  # 127.0.0.11, where the engine's own name server listens
ROUTES_WITHIN = 10  # seconds for all routes
CHANGING = 32768  # ports from here on are given out by chance


def accepts(port: int) -> bool:
    """Whether something listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        return False
    return True


def ask(port: int, path: str, within: float = 10) -> Dict[str, Any]:
    """The answer to a GET: its status and the start of its body; status 0 where it is no HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=within)
    try:
        connection.request("GET", path, headers={"Host": "localhost:%d" % port, "User-Agent": "dockfix"})
        answer = connection.getresponse()
        return {"status": answer.status, "body": answer.read(65536).decode("utf-8", "replace")}
    except (OSError, http.client.HTTPException) as error:
        return {"status": 0, "body": "%s: %s" % (type(error).__name__, error)}
    finally:
        connection.close()


def listening() -> List[int]:
    """The ports that something in this network listens on, without those that are given out by chance."""
    found: Set[int] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as rows:
                for row in rows:
                    fields = row.split()
                    address, _, port = fields[1].partition(":")
                    if fields[3] == LISTENS and address != RESOLVER and int(port, 16) < CHANGING:
                        found.add(int(port, 16))
        except OSError:  # no IPv6
            continue
    return sorted(found)


def processes() -> List[Dict[str, Any]]:
    """The processes that this one can see, itself left out: ``pid``, the words of its ``command``, the ``ticks`` that it has computed."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/cmdline" % name, "rb") as words:
                command = [word.decode("utf-8", "replace") for word in words.read().split(b"\0") if word]
            with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as line:
                fields = line.read().rpartition(")")[2].split()
        except (OSError, ValueError):  # it has just ended
            continue
        if command and fields[0] != "Z":
            found.append({"pid": int(name), "command": command, "ticks": int(fields[11]) + int(fields[12])})
    return found


def fits(request: Dict[str, Any], answer: Dict[str, Any]) -> bool:
    """Whether an answer is the one that was asked for."""
    wanted: List[int] = request["statuses"]
    return (answer["status"] in wanted if wanted else answer["status"] > 0) and request["expect"] in answer["body"]


def main() -> None:
    """Print the answer."""
    wanted = json.loads(os.environ["DOCKFIX_PROBE"])
    until = time.time() + wanted["seconds"]
    ports: List[int] = wanted["ports"]
    requests: List[Dict[str, Any]] = wanted["requests"]
    open_ports: List[int] = []
    answers: List[Dict[str, Any]] = [{"status": 0, "body": "nothing listens"} for _ in requests]
    good = [False for _ in requests]
    while True:
        open_ports = [port for port in ports if port in open_ports or accepts(port)]
        for number, request in enumerate(requests):
            if not good[number] and accepts(request["port"]):
                answers[number] = ask(request["port"], request["path"])
                good[number] = fits(request, answers[number])
        up = len(open_ports) == len(ports) and all(good)
        if up or time.time() > until:
            break
        time.sleep(0.1)
    earlier: List[Dict[str, Any]] = []
    held = False
    if up and wanted["holds"]:
        earlier = processes()
        time.sleep(wanted["holds"])
        ports = sorted({*ports, *listening()})
        still = [port for port in ports if accepts(port)]
        held = set(open_ports) <= set(still)
        open_ports = still
    asking = wanted["roots"] or held
    roots = {str(port): ask(port, "/")["status"] for port in open_ports} if asking else {}
    web = next((int(port) for port, status in roots.items() if status), 0)
    routes: Dict[str, int] = {}
    until = time.time() + ROUTES_WITHIN
    for path in wanted["routes"] if web else ():
        if time.time() < until:
            routes[path] = ask(web, path, max(until - time.time(), 0.1))["status"]
    said = {
        "open": open_ports,
        "answers": answers,
        "good": good,
        "roots": roots,
        "routes": routes,
        "web": web,
        "held": held,
    }
    print("\ndockfix-probe:" + json.dumps(dict(said, listening=listening(), processes=processes(), earlier=earlier)))
    sys.stdout.flush()


main()
