import fs from "node:fs";
import path from "node:path";
import { root } from "./run.mjs";

// Writes THIRD-PARTY-NOTICES.md: production packages, their licences and copyright lines, from the lockfile and the
// installed packages. Packages for other platforms are not installed here, so they have no copyright line.
const OUT = "THIRD-PARTY-NOTICES.md";
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;
const LINES_MAX = 4;

const { packages } = JSON.parse(fs.readFileSync(path.join(root, "package-lock.json"), "utf8"));

function copyrightOf(folder) {
  if (!fs.existsSync(folder)) return [];
  const files = fs.readdirSync(folder).filter((name) => LICENCE_FILE.test(name));
  const lines = files.flatMap((name) => {
    const file = path.join(folder, name);
    return fs.statSync(file).isFile() ? fs.readFileSync(file, "utf8").split("\n") : [];
  });
  const own = lines.map((line) => line.trim()).filter((line) => /^(?:©|copyright (?:\(c\)|©|[0-9]))/i.test(line));
  return [...new Set(own)].slice(0, LINES_MAX);
}

const rows = new Map();
for (const [place, { version, license = "see package", dev }] of Object.entries(packages)) {
  if (place === "" || dev === true) continue;
  const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
  const lines = copyrightOf(path.join(root, place)).join("; ").replaceAll("|", "/");
  const known = rows.get(`${name} ${version}`);
  if (known === undefined || lines !== "")
    rows.set(`${name} ${version}`, `| ${name} | ${version} | ${license} | ${lines} |`);
}

const text = `# Third-party notices

What an installation of Spillway runs apart from its own code, by package-lock.json. The full text of each licence is in the package
(\`node_modules/<package>\`). Written by \`npm run notices\`; \`npm run -s sbom\` writes the same as a bill of materials.

| package | version | licence | copyright |
|---|---|---|---|
${[...rows.entries()]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([, row]) => row)
  .join("\n")}
`;
fs.writeFileSync(path.join(root, OUT), text);
process.stdout.write(`${OUT}: ${rows.size} packages\n`);
