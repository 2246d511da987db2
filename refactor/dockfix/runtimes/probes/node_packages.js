// Prints the packages below the working directory and those for all, each by its name and version, and which of them can be loaded.
"use strict";
const fs = require("fs");
const path = require("path");
const { spawnSync } = require("child_process");

const MOST = 200; // files of compiled code that are tried
const WITHIN = 20000; // milliseconds that one of them has

function folders(of) {
  // the packages right below a node_modules, those of scopes too
  let names = [];
  try {
    names = fs.readdirSync(of);
  } catch {
    return [];
  }
  const found = [];
  for (const name of names) {
    if (name.startsWith("@")) found.push(...folders(path.join(of, name)).map((each) => [`${name}/${each[0]}`, each[1]]));
    else if (!name.startsWith(".")) found.push([name, path.join(of, name)]);
  }
  return found;
}

function read(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  } catch {
    return null;
  }
}

const all = new Map(); // by the real folder: the package, so that links are followed once
function take(root, deep) {
  for (const [name, folder] of folders(root)) {
    let real = folder;
    try {
      real = fs.realpathSync(folder);
    } catch {
      continue;
    }
    const data = all.has(real) ? null : read(real);
    if (data === null) continue;
    all.set(real, { key: `${name}@${data.version || ""}`, version: String(data.version || ""), data, folder: real });
    if (deep) take(path.join(real, "node_modules"), deep);
  }
}

function nearest(folder, name) {
  // the package that a name means in a folder
  for (let at = folder; ; at = path.dirname(at)) {
    let real = "";
    try {
      real = fs.realpathSync(path.join(at, "node_modules", name));
    } catch {}
    if (all.has(real)) return all.get(real).key;
    if (at === path.dirname(at)) return null;
  }
}

function compiled(folder, found) {
  // the files with compiled code of a package, other packages in it left out
  let entries = [];
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const each of entries) {
    if (found.length >= MOST) return;
    const file = path.join(folder, each.name);
    if (each.isDirectory() && each.name !== "node_modules" && each.name !== "obj.target") compiled(file, found);
    else if (each.isFile() && each.name.endsWith(".node")) found.push(file);
  }
}

function begins(each) {
  // why the file that a package begins with is not found, "" where it is; where only import finds one, it is not found in either image
  try {
    require.resolve(each.folder);
    return "";
  } catch (error) {
    return String(error.code || error);
  }
}

take(path.join(process.cwd(), "node_modules"), true);
take("/usr/local/lib/node_modules", false); // what a program for all brings in itself is its own
const packages = {};
const madeOf = {};
const modules = {};
for (const each of all.values()) {
  packages[each.key] = each.version;
  const names = Object.keys({ ...each.data.dependencies, ...each.data.optionalDependencies, ...each.data.peerDependencies });
  const requires = names.map((name) => nearest(each.folder, name)).filter((key) => key !== null);
  const before = madeOf[each.key] || { requires: [], modules: [] };
  madeOf[each.key] = { requires: [...before.requires, ...requires], modules: before.modules };
  if (!madeOf[each.key].modules.includes(each.key)) madeOf[each.key].modules.push(each.key);
  modules[each.key] = modules[each.key] || begins(each);
  const files = [];
  compiled(each.folder, files);
  for (const file of files) {
    const code = "process.dlopen({ exports: {} }, process.argv[1])";
    const done = spawnSync(process.execPath, ["-e", code, file], { encoding: "utf8", timeout: WITHIN });
    const lines = (done.stderr || "").split("\n").filter((line) => /Error/.test(line));
    madeOf[each.key].modules.push(file);
    modules[file] = done.status === 0 ? "" : lines[0] || `it ended with ${done.signal || done.status}`;
  }
}
const answer = {
  executable: process.execPath,
  version: process.versions.node,
  packages,
  modules,
  data: "",
  made_of: madeOf,
};
process.stdout.write(`\ndockfix-probe:${JSON.stringify(answer)}\n`);
