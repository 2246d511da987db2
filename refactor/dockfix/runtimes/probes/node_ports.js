// Waits until ports of this network answer, asks them over HTTP, and prints what they say, with what listens and what runs beside it.
//
// Settings: JSON in $DOCKFIX_PROBE.
"use strict";
const fs = require("fs");
const http = require("http");
const net = require("net");

const LISTENS = "0A"; // the state of a socket in /proc/net/tcp
const RESOLVER = "0B00007F"; // 127.0.0.11, where the engine's own name server listens
const ROUTES_WITHIN = 10000; // milliseconds for all routes
const CHANGING = 32768; // ports from here on are given out by chance

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function accepts(port) {
  return new Promise((done) => {
    const socket = net.connect({ host: "127.0.0.1", port, timeout: 2000 });
    const end = (good) => {
      socket.destroy();
      done(good);
    };
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
    socket.on("timeout", () => end(false));
  });
}

// The answer to a GET: its status and the start of its body; status 0 where it is no HTTP
function ask(port, path, within = 10000) {
  return new Promise((done) => {
    const headers = { Host: `localhost:${port}`, "User-Agent": "dockfix" };
    const fail = (error) => done({ status: 0, body: `${error.name}: ${error.message}` });
    let request;
    try {
      request = http.get({ host: "127.0.0.1", port, path, headers, timeout: within }, (answer) => {
        const parts = [];
        let size = 0;
        const end = () => done({ status: answer.statusCode, body: Buffer.concat(parts).toString("utf8").slice(0, 65536) });
        answer.on("data", (part) => {
          parts.push(part);
          size += part.length;
          if (size > 65536) {
            end();
            request.destroy();
          }
        });
        answer.on("end", end);
        answer.on("error", fail);
      });
    } catch (error) {
      fail(error);
      return;
    }
    request.on("error", fail);
    request.on("timeout", () => request.destroy(new Error("it did not answer in time")));
  });
}

function listening() {
  const found = new Set();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    let rows = [];
    try {
      rows = fs.readFileSync(table, "ascii").split("\n");
    } catch {}
    for (const row of rows) {
      const fields = row.trim().split(/\s+/);
      if (fields[3] !== LISTENS) continue;
      const [address, port] = fields[1].split(":");
      const number = parseInt(port, 16);
      if (address !== RESOLVER && number < CHANGING) found.add(number);
    }
  }
  return [...found].sort((one, two) => one - two);
}

function processes() {
  const found = [];
  for (const name of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const command = fs.readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").filter((word) => word);
      const fields = fs.readFileSync(`/proc/${name}/stat`, "utf8").split(")").pop().trim().split(/\s+/);
      if (command.length && fields[0] !== "Z") {
        found.push({ pid: Number(name), command, ticks: Number(fields[11]) + Number(fields[12]) });
      }
    } catch {} // it has just ended
  }
  return found;
}

function fits(request, answer) {
  const good = request.statuses.length ? request.statuses.includes(answer.status) : answer.status > 0;
  return good && answer.body.includes(request.expect);
}

async function among(ports) {
  const found = [];
  for (const port of ports) if (await accepts(port)) found.push(port);
  return found;
}

async function main() {
  const wanted = JSON.parse(process.env.DOCKFIX_PROBE);
  let until = Date.now() + wanted.seconds * 1000;
  let open = [];
  const answers = wanted.requests.map(() => ({ status: 0, body: "nothing listens" }));
  const good = wanted.requests.map(() => false);
  let up = false;
  for (;;) {
    const still = wanted.ports.filter((port) => open.includes(port));
    open = [...still, ...(await among(wanted.ports.filter((port) => !open.includes(port))))];
    for (const [number, request] of wanted.requests.entries()) {
      if (!good[number] && (await accepts(request.port))) {
        answers[number] = await ask(request.port, request.path);
        good[number] = fits(request, answers[number]);
      }
    }
    up = open.length === wanted.ports.length && good.every((each) => each);
    if (up || Date.now() > until) break;
    await sleep(100);
  }
  open.sort((one, two) => wanted.ports.indexOf(one) - wanted.ports.indexOf(two));
  let earlier = [];
  let held = false;
  if (up && wanted.holds) {
    earlier = processes();
    await sleep(wanted.holds * 1000);
    const ports = [...new Set([...wanted.ports, ...listening()])].sort((one, two) => one - two);
    const still = await among(ports);
    held = open.every((port) => still.includes(port));
    open = still;
  }
  const roots = {};
  if (wanted.roots || held) for (const port of open) roots[port] = (await ask(port, "/")).status;
  const web = Number(Object.keys(roots).find((port) => roots[port]) || 0);
  const routes = {};
  until = Date.now() + ROUTES_WITHIN;
  for (const path of web ? wanted.routes : []) {
    if (Date.now() < until) routes[path] = (await ask(web, path, Math.max(until - Date.now(), 100))).status;
  }
  const said = { open, answers, good, roots, routes, web, held, listening: listening(), processes: processes(), earlier };
  process.stdout.write(`\ndockfix-probe:${JSON.stringify(said)}\n`, () => process.exit(0));
}

main();
