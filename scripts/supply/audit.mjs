import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

// `npm run audit`: known vulnerabilities of production packages, if the registry supports such queries. One that does
// not affect us is explained in explained.json, by the address of its advisory. Exit code: 1 = high or critical ones
// without an explanation, 0 = none, or the registry does not answer: that is not a fault of this code.
const explained = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, "explained.json"), "utf8"));
const args = ["audit", "--omit=dev", "--json", "--fetch-retries=0", "--fetch-timeout=10000", "--loglevel=silent"];
const { stdout } = spawnSync("npm", args, { encoding: "utf8", timeout: 60_000 });

function read() {
  try {
    const report = JSON.parse(stdout);
    const reason = report.message ?? report.error?.summary ?? "an answer of another form";
    return report.vulnerabilities === undefined ? { reason } : { found: Object.values(report.vulnerabilities) };
  } catch {
    return { reason: "no answer" };
  }
}

const { found, reason } = read();
if (found === undefined) {
  process.stdout.write(`Not audited: this registry does not say which packages are vulnerable (${reason}).\n`);
  process.stdout.write(
    "Run `npm run audit` where it does. `npm outdated` tells what is old, `npm run -s sbom` what to look up.\n",
  );
  process.exit(0);
}
// A vulnerability that another package causes is in `via` as text.
const advisories = new Map(
  found.flatMap(({ name, via }) =>
    via.filter((one) => typeof one === "object").map((one) => [one.url, { name, ...one }]),
  ),
);
let unexplained = 0;
for (const { name, severity, title, range, url } of advisories.values()) {
  const why = explained[url];
  if (why === undefined && ["high", "critical"].includes(severity)) unexplained += 1;
  process.stdout.write(`${severity}: ${name} ${range}: ${title} (${url})${why === undefined ? "" : `: ${why}`}\n`);
}
process.stdout.write(`${advisories.size} advisories, ${unexplained} high or critical ones unexplained\n`);
process.exit(unexplained === 0 ? 0 : 1);
