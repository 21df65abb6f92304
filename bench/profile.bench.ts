import fs from "node:fs";
import { cpuProfile, type Spent, spentIn } from "./gateway/cpu-profile";
import { inspect } from "./gateway/inspector";
import { call, saturate } from "./gateway/load";
import { setStage } from "./gateway/stage";
import { startVariants } from "./gateway/variants";

/**
 * The CPU time of a call by part and by function: a profile of the process that serves calls, after warm calls.
 * `VARIANT` is one of the gateway bench's that run in the plane's process: "no limits", "Redis" (default), "refused".
 * `PROFILE=<file>` saves the profile for a viewer.
 */
const VARIANT = process.env.VARIANT ?? "Redis";
const CALLS = Number(process.env.CALLS ?? 10_000);
const WARM_CALLS = Number(process.env.WARM_CALLS ?? 20_000);
const SAMPLE_MICROS = 200;
const SHOWN = Number(process.env.SHOWN ?? 40);

const stage = await setStage();
const { variants, close } = await startVariants(stage, { only: [VARIANT], withPeers: false });
const [bare, one] = variants;
if (bare === undefined || one === undefined) throw new Error("no variant");
if (one.status !== 200) await call({ ...one, status: 200 });
await saturate(bare, WARM_CALLS);
await saturate(one, WARM_CALLS);
const bareMicros = (await saturate(bare, 4 * CALLS)).micros;
const { micros } = await saturate(one, CALLS);

const inspector = await inspect(stage.plane);
await inspector.ask("Profiler.enable");
await inspector.ask("Profiler.setSamplingInterval", { interval: SAMPLE_MICROS });
await inspector.ask("Profiler.start");
await saturate(one, CALLS);
const { profile } = (await inspector.ask("Profiler.stop")) as { profile: unknown };
inspector.close();
if (process.env.PROFILE !== undefined) fs.writeFileSync(process.env.PROFILE, JSON.stringify(profile));
const { busy, by } = spentIn(cpuProfile.parse(profile));

const share = (spent: number) => `${((100 * spent) / busy).toFixed(1)} %`;
const perCall = (spent: number) => (spent / CALLS).toFixed(1);
const row = (name: string, spent: number) => ({ name, share: share(spent), "µs a call": perCall(spent) });
const parts = new Map<string, number>();
for (const { part, self } of by) parts.set(part, (parts.get(part) ?? 0) + self);
const most = (of: "self" | "whole", list: readonly Spent[]) =>
  [...list].sort((left, right) => right[of] - left[of]).slice(0, SHOWN);

console.log(`Node ${process.version}, ${VARIANT}: ${micros.toFixed(0)} µs a call, bare ${bareMicros.toFixed(0)} µs`);
console.log(`busy in JavaScript's thread: ${perCall(busy)} µs a call, with the profiler\n`);
console.table([...parts].sort(([, left], [, right]) => right - left).map(([name, spent]) => row(name, spent)));
console.log("functions, by their own time");
console.table(most("self", by).map(({ name, self }) => row(name, self)));
console.log("our functions, with what they call");
console.table(
  most(
    "whole",
    by.filter(({ part }) => part.startsWith("lib") || part.startsWith("db")),
  ).map(({ name, whole }) => row(name, whole)),
);
await close();
await stage.close();
process.exit(0);
