import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { Metrics } from "../metrics";
import type { MetricsSource } from "../process-figures";

const folder = path.resolve(import.meta.dirname, "../../deploy/monitoring");
const read = (file: string) => fs.readFileSync(path.join(folder, file), "utf8");

const rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.object({ severity: z.enum(["info", "warning", "critical"]) }),
          annotations: z.object({ summary: z.string() }),
        }),
      ),
    }),
  ),
});
const dashboard = z.looseObject({
  panels: z.array(
    z.looseObject({
      id: z.number(),
      title: z.string(),
      gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
      targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })).optional(),
    }),
  ),
});

const { groups } = rules.parse(parse(read("alerts.yaml")));
const alerts = groups.flatMap((group) => group.rules);
const { panels } = dashboard.parse(JSON.parse(read("grafana-dashboard.json")));
const expressions = [...alerts, ...panels.flatMap(({ targets = [] }) => targets)].map(({ expr }) => expr);

/** Any source: only names and labels are looked at. */
const SOURCE: MetricsSource = {
  openCalls: () => 1,
  waitingCalls: () => 0,
  waitingByPriority: () => ({ batch: 1 }),
  shedPressure: () => 0,
  upstream: () => ({ rooms: { fresh: 1 }, closed: 0 }),
  load: () => ({ calls: 0, bodyBytes: 0, bodiesWaiting: 0, turnsWaiting: 0, answersHeld: 0 }),
  policyVersion: () => 1,
  policyFaults: () => 0,
  isStoreAway: () => false,
  isClockOff: () => false,
  areKeysUnchecked: () => false,
  refills: () => 0,
  isDatabaseAway: () => false,
  databaseRestores: () => 0,
  isAuditBroken: () => false,
  postgresRestarts: () => 0,
  storeFaults: { scripts: new Map([["admit", 1]]), away: new Map([["timeout", 1]]) },
};

/** What a process shows that has met everything once. */
async function shown(): Promise<string> {
  const metrics = new Metrics(SOURCE);
  metrics.answered(200);
  metrics.refused("rate_limit_exceeded");
  metrics.bounded("calls");
  metrics.observed("limit");
  metrics.setAside("row");
  metrics.booksFailed("drain");
  metrics.jobEnded("watch", "done");
  metrics.decided(1, 0);
  metrics.ended({ ending: "complete", usageSource: "billed", inputTokens: 1, outputTokens: 1, costMicroUsd: 1 });
  return (await metrics.text()).body;
}

test("every metric that a rule or panel names is shown by a process, with the labels that it is summed by", async () => {
  const text = await shown();
  const series = new Set([...text.matchAll(/^(spillway_\w+)[{ ]/gm)].map(([, name]) => name));
  const named = expressions.flatMap((expr) => [...expr.matchAll(/spillway_\w+/g)].map(([name]) => name));
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !series.has(name))).toEqual([]);
  // Prometheus itself adds these two.
  const summed = expressions.flatMap((expr) =>
    [...expr.matchAll(/by \(([\w, ]+)\) \((?:\w+\()?(spillway_\w+)/g)].flatMap(([, names = "", metric = ""]) =>
      names.split(", ").flatMap((label) => (label === "instance" ? [] : [{ metric, label }])),
    ),
  );
  expect(summed.length).toBeGreaterThan(15);
  const hasLabel = ({ metric, label }: { metric: string; label: string }) =>
    new RegExp(`^${metric}\\{(?:[^}]*,)?${label}="`, "m").test(text);
  expect(summed.filter((one) => !hasLabel(one))).toEqual([]);
});

test("every gauge that operations.md says should be 0 has a rule or a panel", () => {
  const operations = fs.readFileSync(path.join(folder, "../../docs/operations.md"), "utf8");
  const [, sentence = ""] = /Gauges that should be 0:([\s\S]*?)No label ever names/.exec(operations) ?? [];
  const gauges = [...sentence.matchAll(/`(spillway_\w+)`/g)].map(([, name = ""]) => name);
  expect(gauges.length).toBeGreaterThan(3);
  expect(gauges.filter((name) => !expressions.some((expr) => expr.includes(name)))).toEqual([]);
});

test("no rule is there twice, and every panel has a place of its own", () => {
  const names = alerts.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  const places = panels.map(({ gridPos: { x, y } }) => `${x}/${y}`);
  expect(new Set(places).size).toBe(places.length);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
});

const PROMTOOL = ["/usr/bin/promtool", "/usr/local/bin/promtool"].find((file) => fs.existsSync(file)) ?? "";

test.skipIf(PROMTOOL === "")("Prometheus accepts the rules", () => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, ["check", "rules", path.join(folder, "alerts.yaml")]);
  expect([status, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining("SUCCESS")]);
});
