import fs from "node:fs";
import { PRIORITIES, type Priority } from "@/lib/limits/rules/priority";
import { QUEUE_CONSTANTS, type QueueConstants } from "@/lib/scarcity/order/constants";
import { seeded } from "@/lib/scarcity/simulation/events";
import { arrivalsOf, perMsFor, TRACES } from "@/lib/scarcity/simulation/traces.suite";
import { type Arrival, World } from "@/lib/scarcity/simulation/world";

/**
 * Wait times when capacity is scarce: the queue under a virtual clock, at one to ten times the provider's capacity, and
 * a queue without classes and tenants (first come, first served). Writes the chart of docs/scarcity.md. TRACES names a
 * folder with the Azure traces; without it the arrivals are generated. SEED is 1 by default.
 */
const LOADS = [1, 1.5, 2, 3, 5, 10];
const SEED = Number(process.env.SEED ?? 1);
const CHART = "docs/images/scarcity.svg";

type Point = { readonly p95Ms: number; readonly servedShare: number };
type Row = { readonly load: number; readonly byClass: Readonly<Record<Priority, Point>> };

/** Practically no ageing and one class for all: order of arrival. */
const PLAIN: QueueConstants = { ...QUEUE_CONSTANTS, ageingMs: 1 };

function run(arrivals: readonly Arrival[], load: number, constants: QueueConstants): Row {
  const { perMs, largest } = perMsFor(arrivals, load);
  const ended = new World({ constants, perMs, burst: largest, largest, processes: 1, random: seeded(SEED) }).run(
    arrivals,
  );
  const point = (priority: Priority): Point => {
    const own = ended.filter((one) => one.priority === priority);
    const waits = own.flatMap(({ how, waitedMs }) => (how === "served" ? [waitedMs] : [])).sort((a, b) => a - b);
    return { p95Ms: waits[Math.floor(waits.length * 0.95)] ?? 0, servedShare: waits.length / Math.max(1, own.length) };
  };
  const [interactive, standard, batch, background] = PRIORITIES.map(point);
  const none = { p95Ms: 0, servedShare: 0 };
  return {
    load,
    byClass: {
      interactive: interactive ?? none,
      standard: standard ?? none,
      batch: batch ?? none,
      background: background ?? none,
    },
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}: served, and the wait that 95 of 100 served calls stay below\n`);
  console.log(["load", ...PRIORITIES].map((name) => name.padEnd(22)).join(""));
  for (const { load, byClass } of rows) {
    const cells = PRIORITIES.map(
      (one) => `${percent(byClass[one].servedShare)}, ${(byClass[one].p95Ms / 1000).toFixed(1)} s`,
    );
    console.log([`${load} x`, ...cells].map((cell) => cell.padEnd(22)).join(""));
  }
}

const COLORS: Readonly<Record<Priority, string>> = {
  interactive: "#1c7ed6",
  standard: "#2f9e44",
  batch: "#e8590c",
  background: "#868e96",
};

/** Served share by load, one line per class; dashed: first come, first served. */
function chart(ours: readonly Row[], plain: readonly Row[]): string {
  const [width, height, left, top] = [640, 300, 50, 20];
  const x = (load: number) => left + (Math.log(load) / Math.log(10)) * (width - left - 110);
  const y = (share: number) => top + (1 - share) * (height - top - 40);
  const line = (rows: readonly Row[], priority: Priority, dash: string) => {
    const points = rows.map(
      ({ load, byClass }) => `${x(load).toFixed(1)},${y(byClass[priority].servedShare).toFixed(1)}`,
    );
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${COLORS[priority]}" stroke-width="2"${dash}/>`;
  };
  const label = (text: string, at: readonly [number, number], more = "") =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" font-size="12" font-family="sans-serif" fill="#495057"${more}>${text}</text>`;
  const names = PRIORITIES.map((one, index) =>
    label(one, [width - 95, top + 12 + 18 * index], ` style="fill:${COLORS[one]}"`),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Share of calls served by load and class">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...[0, 0.25, 0.5, 0.75, 1].map((share) => label(`${100 * share} %`, [8, y(share) + 4])),
    ...LOADS.map((load) => label(`${load}x`, [x(load) - 8, height - 22])),
    label("offered load; dashed: first come, first served", [left, height - 6]),
    ...names,
    ...PRIORITIES.map((one) => line(ours, one, "")),
    ...PRIORITIES.map((one) => line(plain, one, ' stroke-dasharray="3 4" opacity="0.6"')),
    "</svg>\n",
  ].join("\n");
}

/** The same calls as if all were of one class and one tenant, each with its own patience. */
function classless(arrivals: readonly Arrival[], load: number): Row {
  return run(arrivals, load, { ...PLAIN, tenantCallsMax: PLAIN.classCallsMax, floorCalls: Number.POSITIVE_INFINITY });
}

/** Prints the wait times, and writes the chart. Returns the figures. */
export function printWaits(): Record<string, unknown> {
  const result: Record<string, unknown> = { seed: SEED };
  for (const trace of TRACES) {
    const arrivals = arrivalsOf(trace, SEED);
    const ours = LOADS.map((load) => run(arrivals, load, QUEUE_CONSTANTS));
    const plain = LOADS.map((load) => classless(arrivals, load));
    const name = process.env.TRACES === undefined ? `drawn (seed ${SEED})` : trace;
    print(`${name}, by class, age and tenant`, ours);
    print(`${name}, first come, first served`, plain);
    result[trace] = { ours, plain };
    if (trace === TRACES[0]) fs.writeFileSync(CHART, chart(ours, plain));
  }
  console.log(`\nThe chart is in ${CHART}.`);
  return result;
}
