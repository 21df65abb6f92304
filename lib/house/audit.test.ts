import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";

const script = path.resolve(import.meta.dirname, "../../scripts/supply/audit.mjs");

/** Runs the audit with an npm that answers this. */
function auditedWith(answer: string) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-npm-"));
  fs.writeFileSync(path.join(folder, "answer"), answer);
  fs.writeFileSync(path.join(folder, "npm"), `#!/bin/sh\ncat ${path.join(folder, "answer")}\nexit 1\n`, {
    mode: 0o755,
  });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH ?? ""}` };
  const { status, stdout } = spawnSync(process.execPath, [script], { encoding: "utf8", env });
  fs.rmSync(folder, { recursive: true, force: true });
  return { status, stdout };
}

const advisory = (severity: string) => ({
  url: `https://github.com/advisories/GHSA-${severity}`,
  title: "it breaks",
  range: "<2",
  severity,
});
const report = (...severities: string[]) =>
  JSON.stringify({
    vulnerabilities: {
      a: { name: "a", via: severities.map(advisory) },
      b: { name: "b", via: ["a"] },
    },
  });

test("a registry that does not answer audits fails nothing, and that is said", () => {
  const refused = auditedWith(JSON.stringify({ message: "405 Method Not Allowed", method: "POST" }));
  expect(refused).toMatchObject({ status: 0, stdout: expect.stringContaining("Not audited") });
  expect(refused.stdout).toContain("405 Method Not Allowed");
  for (const answer of ["", "<html>", "{}"])
    expect(auditedWith(answer)).toMatchObject({ status: 0, stdout: expect.stringContaining("Not audited") });
});

test("high and critical vulnerabilities that nobody has explained end it with 1; all of them are listed once", () => {
  expect(auditedWith(report())).toMatchObject({
    status: 0,
    stdout: "0 advisories, 0 high or critical ones unexplained\n",
  });
  const low = auditedWith(report("low", "moderate"));
  expect(low).toMatchObject({ status: 0, stdout: expect.stringContaining("2 advisories, 0 high") });
  const high = auditedWith(report("low", "critical"));
  expect(high.status).toBe(1);
  expect(high.stdout).toContain("critical: a <2: it breaks (https://github.com/advisories/GHSA-critical)");
  expect(high.stdout).toContain("2 advisories, 1 high or critical ones unexplained");
});
