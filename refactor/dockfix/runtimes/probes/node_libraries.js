// Says what the loader prints of files, where an image has no shell that could run ldd.
//
// Settings: the paths in $DOCKFIX_FILES, a line each.
"use strict";
const fs = require("fs");
const { spawnSync } = require("child_process");

const found = [];
for (const folder of ["/lib64", "/lib"]) {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  found.push(...names.filter((name) => /^ld-(linux|musl)-.*\.so\.\d+$/.test(name)).map((name) => `${folder}/${name}`));
}
const said = {};
for (const path of found.length ? process.env.DOCKFIX_FILES.split("\n") : []) {
  const done = spawnSync(found[0], ["--list", path], { encoding: "utf-8" });
  said[path] = `${done.stdout}${done.stderr}`;
}
process.stdout.write(`\ndockfix-probe:${JSON.stringify({ said, loads: found.length > 0 })}\n`);
