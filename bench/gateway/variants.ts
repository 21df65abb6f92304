import { Pool } from "undici";
import { Spillway } from "../../e2e/fixtures/spillway";
import { partsOf } from "../../e2e/planes/parts";
import { portkey } from "./peer";
import { cpuMicros, prepare, rssBytes, type Stage } from "./stage";

/** Connections to each process: as many as concurrent calls. */
export const AT_ONCE = 64;

/** One way to serve a call: by one or more processes that get calls in turn. */
export type Variant = {
  readonly name: string;
  readonly pids: readonly number[];
  readonly pools: readonly Pool[];
  readonly headers: Readonly<Record<string, string>>;
  /** the answer to each of its calls */
  readonly status: number;
};

type Served = { readonly pid: number; readonly url: string };

function variant(name: string, served: readonly Served[], headers: Record<string, string> = {}, status = 200): Variant {
  const pools = served.map(({ url }) => new Pool(url, { connections: AT_ONCE }));
  return { name, pids: served.map(({ pid }) => pid), pools, headers, status };
}

/** `pid`: the process that serves calls. */
function at(one: Spillway): Served {
  return { pid: partsOf(one).get("1") ?? one.process.child.pid ?? 0, url: one.baseUrl };
}

function key(of: Spillway, tier: "free" | "standard" | "enterprise"): Record<string, string> {
  return { authorization: `Bearer ${of.demo.keys[tier]}` };
}

type Makes = { readonly name: string; readonly make: () => Promise<Variant> | Variant };

/** Starts the requested variants; `only`: names, or all. The bare proxy is always included. */
export async function startVariants(stage: Stage, asked: { only: readonly string[] | null; withPeers: boolean }) {
  const { shared, plane, bare } = stage;
  const started: Spillway[] = [];
  const run = async (env: Readonly<Record<string, string>>) => {
    const one = await Spillway.run(env);
    started.push(one);
    return one;
  };
  const alone = async (name: string, env: Readonly<Record<string, string>>) => {
    const one = await run(env);
    await prepare(one, stage.upstream);
    return variant(name, [at(one)], key(one, "standard"));
  };
  const onStore = async (name: string, env: Readonly<Record<string, string>>, others: readonly Served[] = []) => {
    const one = await run({ ...stage.fleet.env, ...env });
    return variant(name, [...others, at(one)], key(shared, "standard"));
  };
  const shut = { ...key(shared, "enterprise"), "x-spillway-feature": "shut" };
  const all: readonly Makes[] = [
    { name: "bare proxy", make: () => variant("bare proxy", [bare]) },
    { name: "no limits", make: () => variant("no limits", [at(plane)], key(shared, "free")) },
    { name: "in process", make: () => alone("in process", { PLANES: "apart" }) },
    { name: "Redis", make: () => variant("Redis", [at(plane)], key(shared, "standard")) },
    {
      name: "Redis, two processes",
      make: () => onStore("Redis, two processes", { PLANE: "gateway" }, [at(plane)]),
    },
    {
      name: "Redis, console in the process",
      make: () => variant("Redis, console in the process", [at(shared)], key(shared, "standard")),
    },
    {
      name: "in process, Next's door",
      make: () => alone("in process, Next's door", { SPILLWAY_DOOR: "next" }),
    },
    { name: "Redis, Next's door", make: () => onStore("Redis, Next's door", { SPILLWAY_DOOR: "next", PLANE: "all" }) },
    { name: "refused", make: () => variant("refused", [at(plane)], shut, 429) },
    ...(asked.withPeers
      ? [{ name: PEER, make: async () => variant(PEER, [await portkey()], peerHeaders(stage)) }]
      : []),
  ];
  const wanted = all.filter(({ name }) => asked.only === null || ["bare proxy", ...asked.only].includes(name));
  if (wanted.length < 2) throw new Error(`ONLY: none of ${all.map(({ name }) => name).join(", ")}`);
  const variants: Variant[] = [];
  for (const { make } of wanted) variants.push(await make());
  const close = async () => {
    for (const { pools } of variants) for (const pool of pools) await pool.destroy();
    await Promise.all(started.map((one) => one.stop()));
  };
  return { variants, close };
}

const PEER = "Portkey, no limits";

function peerHeaders({ upstream }: Stage): Record<string, string> {
  return {
    "x-portkey-provider": "openai",
    authorization: "Bearer none",
    "x-portkey-custom-host": `${upstream}/v1`,
  };
}

export function cpuOf({ pids }: Variant): number {
  return pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
}

export function rssOf({ pids }: Variant): number {
  return pids.reduce((sum, pid) => sum + rssBytes(pid), 0);
}
