import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { root } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

const limit = z.looseObject({ name: z.string(), capacity: z.number() });
const file = z.looseObject({
  tiers: z.record(z.string(), z.looseObject({ limits: z.array(limit) })),
  tenants: z.record(z.string(), z.unknown()),
  models: z.record(z.string(), z.record(z.string(), z.unknown())),
  budgets: z.record(z.string(), z.unknown()),
  alertRules: z.record(z.string(), z.unknown()),
  staff: z.record(z.string(), z.unknown()),
});
type File = z.infer<typeof file>;

let spillway: Spillway;
let yaml: string;
beforeAll(async () => {
  spillway = await Spillway.run();
  yaml = path.join(spillway.dataDir, "spillway.yaml");
});
afterAll(() => spillway.stop());

/** The command as a person types it, with its exit code and all that it printed. */
function config(...args: string[]): Promise<{ code: number; text: string }> {
  const env: NodeJS.ProcessEnv = {
    NODE_ENV: "production",
    PATH: process.env.PATH,
    SPILLWAY_URL: spillway.baseUrl,
    OPERATOR_TOKEN: spillway.demo.operatorToken,
  };
  const command = [path.join(root, "scripts/config.mjs"), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr }),
    );
  });
}

function edit(change: (content: File) => void): void {
  const content = file.parse(parse(fs.readFileSync(yaml, "utf8")));
  change(content);
  fs.writeFileSync(yaml, stringify(content));
}

function limitOf(content: File, tier: string, name: string): z.infer<typeof limit> {
  const found = content.tiers[tier]?.limits.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** The newest rows of the audit log, without who came in. */
async function audited(): Promise<string[]> {
  const { rows } = await spillway.admin<{ rows: { action: string; target: string }[] }>("GET", "audit?limit=100");
  return rows.filter(({ action }) => !action.startsWith("access.")).map(({ action, target }) => `${action} ${target}`);
}

test("an untouched export plans nothing, marks its objects, and applying it twice changes nothing", async () => {
  expect(await config("export", "-f", yaml)).toMatchObject({ code: 0 });
  expect(fs.readFileSync(yaml, "utf8")).not.toMatch(/credential: |password/);
  expect((await config("export", "-f", yaml)).code).toBe(1);
  const planned = await config("plan", "-f", yaml);
  expect(planned).toMatchObject({ code: 0, text: expect.stringContaining("No changes") });
  const before = await audited();
  expect((await config("apply", "-f", yaml)).text).toContain("Nothing to do.");
  expect(await audited()).toEqual(["config.apply spillway.yaml", ...before]);
  expect((await config("apply", "-f", yaml)).text).toContain("Nothing to do.");
  expect(await audited()).toEqual(["config.apply spillway.yaml", ...before]);
  const { objects } = await spillway.admin<{ objects: object[] }>("GET", "config/managed");
  expect(objects).toContainEqual(expect.objectContaining({ kind: "tier", name: "free", source: "spillway.yaml" }));
});

test("an edited file is planned in words, applied by the verbs of the console, and holds for the next call", async () => {
  edit((content) => {
    limitOf(content, "free", "requests-per-minute").capacity = 13;
    content.tiers.trial = { name: "Trial", limits: [] };
    content.tenants.acme = { name: "Acme", tier: "trial", timeZone: "Europe/Berlin", features: { draft: "M" } };
    content.budgets.acme = { level: "tenant", tenant: "acme", period: "month", amountMicroUsd: 500_000_000 };
    content.alertRules["Store away"] = { watch: { kind: "store_away" }, severity: "critical" };
    content.staff["ada@example.test"] = { name: "Ada", role: "viewer" };
    content.models["sim-tiny"] = {
      provider: "simulator",
      upstreamName: "sim-small",
      contextTokens: 8192,
      maxOutputTokens: 1024,
      defaultOutputTokens: 256,
      price: { inputMicroUsdPerMillion: 10, outputMicroUsdPerMillion: 20 },
      fallbacks: ["sim-mini"],
      laterPrices: [{ validFrom: "2099-01-01T00:00:00Z", inputMicroUsdPerMillion: 5, outputMicroUsdPerMillion: 6 }],
    };
    const { laterPrices: _later, ...mini } = content.models["sim-tiny"];
    content.models["sim-mini"] = { ...mini, fallbacks: ["sim-tiny"] };
  });
  const before = await audited();
  const planned = await config("plan", "-f", yaml);
  expect(planned.code).toBe(2);
  for (const line of ["~ change tier free", "requests-per-minute.capacity: 10 → 13", "+ create tenant acme"])
    expect(planned.text).toContain(line);
  expect(planned.text).toContain("amountMicroUsd: none → 500000000 ($500)");
  expect(await audited()).toEqual(before);
  const applied = await config("apply", "-f", yaml);
  expect(applied).toMatchObject({ code: 0, text: expect.stringContaining("Applied 8 changes") });
  expect(applied.text).toMatch(/First password of ada@example.test, shown once: \S{15}/);
  expect(await config("plan", "-f", yaml)).toMatchObject({ code: 0 });
  const after = await audited();
  expect(after).toEqual(expect.arrayContaining(["tiers.create trial", "budgets.create acme", "prices.add sim-tiny"]));
  expect(after).not.toContain("tenants.edit acme");
  expect((await config("apply", "-f", yaml)).text).toContain("Nothing to do.");
  expect(await audited()).toEqual(after);
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: "acme", name: "first" });
  expect((await spillway.chat(key, { model: "sim-tiny" })).status).toBe(200);
  const line = (await spillway.quota(spillway.demo.keys.free)).find(({ name }) => name === "requests-per-minute");
  expect(line?.limit).toBe(13);
});

test("an edit by hand is drift in words, and the next apply undoes it", async () => {
  expect(await config("diff")).toMatchObject({ code: 0 });
  const tier = await spillway.admin<{ limits: { name: string; capacity: number }[] }>("GET", "tiers/free");
  for (const one of tier.limits) if (one.name === "requests-per-minute") one.capacity = 99;
  await spillway.admin("PUT", "tiers/free", tier);
  await spillway.admin("PATCH", "tenants/acme", { name: "Acme by hand" });
  const drift = await config("diff", "-f", yaml);
  expect(drift.code).toBe(2);
  for (const line of ["tier free", "requests-per-minute.capacity: 13 → 99", "tenant acme", "Acme → Acme by hand"])
    expect(drift.text).toContain(line);
  const planned = await config("plan", "-f", yaml);
  expect(planned.text).toContain("~ change tier free   (edited since its file was applied)");
  expect((await config("apply", "-f", yaml)).text).toContain("Applied 2 changes");
  expect(await config("diff")).toMatchObject({ code: 0 });
});

test("a budget that leaves its file goes; a tenant that leaves it stays, and is not managed any more", async () => {
  edit((content) => {
    delete content.budgets.acme;
    delete content.tenants.acme;
  });
  const planned = await config("plan", "-f", yaml);
  expect(planned.text).toContain("- remove budget acme");
  expect(planned.text).toContain("tenant acme is no longer in the file: it stays");
  expect((await config("apply", "-f", yaml)).code).toBe(0);
  expect(await spillway.admin("GET", "budgets")).toEqual({ budgets: [] });
  expect(await spillway.admin("GET", "tenants/acme")).toMatchObject({ slug: "acme" });
  const { objects } = await spillway.admin<{ objects: { name: string }[] }>("GET", "config/managed");
  expect(objects.filter(({ name }) => name === "acme")).toEqual([]);
});

test("what is made by hand stays when a file does not name it", async () => {
  const budget = { slug: "by-hand", level: "tenant", tenant: "acme", period: "day", amountMicroUsd: 1_000_000 };
  await spillway.admin("POST", "budgets", budget);
  expect(await config("apply", "-f", yaml)).toMatchObject({
    code: 0,
    text: expect.stringContaining("stay as they are"),
  });
  expect(await spillway.admin("GET", "budgets")).toMatchObject({ budgets: [{ slug: "by-hand" }] });
});

test("a file with faults names all of them and changes nothing; so does one that no schema knows", async () => {
  const before = await audited();
  const good = fs.readFileSync(yaml, "utf8");
  edit((content) => {
    content.tenants.lost = { name: "Lost", tier: "nowhere" };
    content.alertRules.Silent = { watch: { kind: "brake" }, channels: ["nobody"] };
  });
  const faulty = await config("apply", "-f", yaml);
  expect(faulty.code).toBe(1);
  expect(faulty.text).toContain('tenants.lost: there is no tier "nowhere"');
  expect(faulty.text).toContain('alertRules.Silent: the channel "nobody" does not exist');
  fs.writeFileSync(yaml, good.replace("capacity: 13", "capacity: lots"));
  expect(await config("plan", "-f", yaml)).toMatchObject({
    code: 1,
    text: expect.stringMatching(/tiers\.free\.limits\.\d/),
  });
  fs.writeFileSync(yaml, good);
  expect(await audited()).toEqual(before);
});

test("a file of nine thousand tenants is planned; one that is too large or contains itself is refused in a sentence", async () => {
  const good = fs.readFileSync(yaml, "utf8");
  const many = (count: number, name: string) =>
    Array.from({ length: count }, (_, number) => [`many-${number}`, { name: `${name} ${number}`, tier: "free" }]);
  edit((content) =>
    Object.assign(content.tenants, Object.fromEntries(many(9000, "Tenant with a name of usual length"))),
  );
  const planned = await config("plan", "-f", yaml);
  expect([planned.code, planned.text.split("\n").at(-2)]).toEqual([2, expect.stringMatching(/^9000 changes/)]);
  edit((content) => Object.assign(content.tenants, Object.fromEntries(many(9000, "x".repeat(2000)))));
  const large = await config("plan", "-f", yaml);
  expect([large.code, large.text]).toEqual([1, expect.stringContaining("too large")]);
  fs.writeFileSync(yaml, "tenants: &all\n  one: *all\n");
  expect(await config("plan", "-f", yaml)).toEqual({ code: 1, text: `${yaml}: an alias must not contain itself.\n` });
  fs.writeFileSync(yaml, good);
});

test("a change that fails half-way: what was made is named, with its passwords, and the next apply does the rest", async () => {
  const good = fs.readFileSync(yaml, "utf8");
  edit((content) => {
    content.tiers.halfway = { name: "Half-way", limits: [] };
    const admins = Object.keys(content.staff).filter((email) => email === spillway.demo.admin.email);
    const leaving = Object.fromEntries(admins.map((email) => [email, { name: "Leaves", role: "viewer" }]));
    content.staff = { "zoe@example.test": { name: "Zoe", role: "viewer" }, ...leaving };
  });
  const failed = await config("apply", "-f", yaml);
  expect(failed.code).toBe(1);
  expect(failed.text).toMatch(/\d of \d changes were applied\. Then operator .* failed: This is the last admin/);
  expect(failed.text).toContain("done: create tier halfway");
  expect(failed.text).toContain("done: create operator zoe@example.test");
  expect(failed.text).toMatch(/First password of zoe@example\.test, shown once: \S{15}/);
  expect(await spillway.admin("GET", "tiers/halfway")).toMatchObject({ slug: "halfway" });
  fs.writeFileSync(yaml, good);
  edit((content) => {
    content.tiers.halfway = { name: "Half-way", limits: [] };
    content.staff["zoe@example.test"] = { name: "Zoe", role: "viewer" };
  });
  expect((await config("apply", "-f", yaml)).text).toContain("Nothing to do.");
  expect(await config("plan", "-f", yaml)).toMatchObject({ code: 0 });
});

test("a plan that is older than the configuration is refused, and another file's object is not taken by accident", async () => {
  const body = {
    file: { spillway: "config/1", tenants: { acme: { name: "Theirs", tier: "free" } } },
    source: "b.yaml",
  };
  const { version } = await spillway.admin<{ version: number }>("POST", "config/plan", body);
  await spillway.admin("PATCH", "tenants/free", { name: "Free again" });
  const stale = await spillway.admin<{ version: number }>("PUT", "config", { ...body, version }, [409]);
  expect(stale.version).toBe(version + 1);
  await spillway.admin("PUT", "config", { ...body, version: version + 1 });
  expect(await spillway.admin("GET", "tenants/acme")).toMatchObject({ name: "Theirs", tier: "free" });
  const other = { ...body, source: "c.yaml" };
  const refused = await spillway.admin<{ faults: string[] }>("POST", "config/plan", other);
  expect(refused.faults).toEqual([expect.stringContaining("tenant acme is managed from b.yaml")]);
  expect(await spillway.admin("POST", "config/plan", { ...other, takeOver: true })).toMatchObject({ faults: [] });
});
