import pino from "pino";
import type { Admission } from "@/lib/admission/admission";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { Priority } from "@/lib/limits/rules/priority";
import type { Model, Provider } from "@/lib/providers/catalog";
import { type KeptPlace, type PlaceStore, Places } from "./places";
import { Rooms } from "./room/rooms";
import { Upstreams } from "./upstreams";

/** The settings of one run. All times in ms of a virtual clock. */
export type Scarce = {
  readonly processes: number;
  readonly offeredPerMinute: number;
  readonly runMs: number;
  /** requests and tokens per minute, as the provider enforces them */
  readonly requests: number;
  readonly tokens: number;
  readonly tokensEach: number;
  readonly figures: "operator" | "headers" | "none";
  /** whether the provider gives back at the end what a call did not use */
  readonly givesBack: boolean;
  /** calls per minute on the same credential from other clients */
  readonly foreignPerMinute: number;
  /** the provider refuses growth beyond a doubling a minute, from a sixteenth on; `isKnown`: its operator configured it */
  readonly ramp: { readonly isKnown: boolean } | null;
  readonly seed: number;
  /** of the calls, in turn */
  readonly classes: readonly Priority[];
};

export type Told = {
  sent: number;
  limited: number;
  served: number;
  refused: Record<Priority, number>;
  of: Record<Priority, number>;
};

/** A provider with a bucket per dimension. It charges a call on arrival, at the call's maximum usage. */
class LimitedProvider {
  #requests = 0;
  #tokens = 0;
  #at = 0;
  #began: number | null = null;
  readonly #limits: Scarce;

  constructor(limits: Scarce) {
    this.#limits = limits;
  }

  take(tokens: number, now: number): { status: number; header: (name: string) => string | null } {
    const { figures } = this.#limits;
    const share = this.#share(now);
    const [requests, most] = [this.#limits.requests * share, this.#limits.tokens * share];
    const passed = now - this.#at;
    this.#at = now;
    this.#requests = Math.max(0, this.#requests - (passed * requests) / 60_000);
    this.#tokens = Math.max(0, this.#tokens - (passed * most) / 60_000);
    const fits = this.#requests + 1 <= requests && this.#tokens + tokens <= most;
    if (fits) {
      this.#requests += 1;
      this.#tokens += tokens;
    }
    const headers: Record<string, string> = {
      "x-ratelimit-limit-requests": String(this.#limits.requests),
      "x-ratelimit-remaining-requests": String(Math.floor(this.#limits.requests - this.#requests)),
      "x-ratelimit-reset-requests": `${Math.ceil((this.#requests * 60_000) / requests)}ms`,
      "x-ratelimit-limit-tokens": String(this.#limits.tokens),
      "x-ratelimit-remaining-tokens": String(Math.floor(this.#limits.tokens - this.#tokens)),
      "x-ratelimit-reset-tokens": `${Math.ceil((this.#tokens * 60_000) / most)}ms`,
    };
    const wait = Math.max(this.#requests + 1 - requests, 0) * (60 / requests);
    const more = fits ? {} : { "retry-after": String(Math.max(1, Math.ceil(wait))) };
    const all: Record<string, string> = { ...(figures === "none" ? {} : headers), ...more };
    return { status: fits ? 200 : 429, header: (name) => all[name] ?? null };
  }

  #share(now: number): number {
    if (this.#limits.ramp === null) return 1;
    this.#began ??= now;
    return Math.min(1, 2 ** ((now - this.#began) / 60_000) / 16);
  }

  over(unusedTokens: number): void {
    if (this.#limits.givesBack) this.#tokens = Math.max(0, this.#tokens - unusedTokens);
  }
}

/** Half of the reservation is used. */
function usedOf(tokensEach: number): number {
  return Math.ceil(tokensEach / 2);
}

export function sharedPlaces(clock: { now(): number }): PlaceStore {
  const rows = new Map<string, KeptPlace>();
  return {
    since: async (moment) => [...rows.values()].filter((row) => row.changedAt > moment),
    write: async ({ revision, ...rest }) => {
      const found = rows.get(rest.id);
      if (found !== undefined && found.revision !== revision) return found;
      rows.set(rest.id, { ...rest, revision: revision + 1, changedAt: new Date(clock.now()) });
      return null;
    },
  };
}

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SHARE_MS = 500;
const START = 1_800_000_000_000;
/** The network delay, each way. */
const WAY_MS = 60;
const ANSWER_MS = 900;
const NOBODY: Record<Priority, number> = { interactive: 0, standard: 0, batch: 0, background: 0 };

/** Runs the gateway's code against a provider that is far too small for the load, under a virtual clock. */
export async function playScarce(run: Scarce, sharedBody?: (clock: { now(): number }) => Admission): Promise<Told> {
  const clock = { at: START, now: () => clock.at };
  const random = randomFrom(run.seed);
  const admission = sharedBody?.(clock) ?? new MemoryAdmission(clock);
  const log = pino({ level: "silent" });
  const store = sharedPlaces(clock);
  const provider = new LimitedProvider(run);
  const told: Told = { sent: 0, limited: 0, served: 0, refused: { ...NOBODY }, of: { ...NOBODY } };
  const fleet = Array.from({ length: run.processes }, () => {
    const places = new Places({ store, clock, log });
    return { places, upstreams: new Upstreams({ places, rooms: new Rooms({ admission, log }), clock, random }) };
  });
  const model = modelFor(run);
  const events: { at: number; run: () => Promise<void> | void }[] = [];
  const later = (ms: number, does: () => Promise<void> | void) => {
    events.push({ at: clock.at + ms, run: does });
  };
  let serial = 0;
  const call = async (upstreams: Upstreams, priority: Priority) => {
    const requestId = `r${serial++}`;
    told.of[priority] += 1;
    const refuse = () => {
      told.refused[priority] += 1;
    };
    const door = upstreams.door(model);
    if (door.kind === "closed" || (door.kind === "probe" && !(await upstreams.probe(model, requestId))))
      return refuse();
    const limits = upstreams.room(model, priority);
    const amounts = { ...NO_AMOUNTS, requests: 1, total_tokens: run.tokensEach };
    const decision = await admission.admit({
      requestId,
      tenantId: "t",
      caller: requestId,
      brake: null,
      policyVersion: 1,
      leaseMs: 60_000,
      intent: "",
      plans: [plan({ candidate: "m", limits, amounts })],
    });
    if (decision.kind !== "admit") {
      if (door.kind === "probe") upstreams.giveUpProbe(model, requestId);
      return refuse();
    }
    const watched = upstreams.watch({
      model,
      tenantId: "t",
      requestId,
      isLastWay: false,
      isRetry: false,
      states: decision.states,
    });
    later(WAY_MS * (0.5 + random()), () => {
      told.sent += 1;
      const { status, header } = provider.take(run.tokensEach, clock.at);
      told[status === 200 ? "served" : "limited"] += 1;
      later(status === 200 ? ANSWER_MS * (0.5 + random()) : WAY_MS, async () => {
        watched.answered(status, header);
        watched.ended(status === 200 ? "complete" : "upstream_refused");
        const used = status === 200 ? usedOf(run.tokensEach) : 0;
        if (status === 200) provider.over(run.tokensEach - used);
        await admission.settle({ tenantId: "t", requestId, actual: { ...amounts, total_tokens: used } });
      });
    });
  };
  const every = (perMinute: number, does: () => Promise<void> | void) => {
    for (let at = 0; perMinute > 0 && at < run.runMs; at += 60_000 / perMinute)
      events.push({ at: START + at * 1, run: does });
  };
  let turn = 0;
  every(run.offeredPerMinute, () => {
    turn += 1;
    const one = fleet[turn % fleet.length];
    const priority = run.classes[turn % run.classes.length] ?? "standard";
    return one === undefined ? undefined : call(one.upstreams, priority);
  });
  every(run.foreignPerMinute, () => void provider.take(run.tokensEach, clock.at));
  every(60_000 / SHARE_MS, async () => {
    for (const { places } of fleet) await places.round();
  });
  while (events.length > 0) {
    events.sort((one, other) => one.at - other.at);
    const next = events.shift();
    if (next === undefined) break;
    clock.at = next.at;
    await next.run();
    // Results noted after the call are written before the next event.
    for (let spin = 0; spin < SPINS; spin++) await Promise.resolve();
  }
  return told;
}

const SPINS = 20;

/** A model of this provider. */
export function modelFor({
  requests,
  tokens,
  figures,
  ramp,
}: Pick<Scarce, "requests" | "tokens" | "figures" | "ramp">): Model {
  const provider: Provider = {
    id: "p",
    slug: "p",
    dialect: "openai",
    baseUrl: "https://p.example/v1",
    credentialEnv: null,
    preset: null,
    credentialSealed: null,
    allowLocal: false,
    continuousUsage: false,
    strict: false,
    answerSeconds: null,
    silenceSeconds: null,
    coolsDown: true,
    isTakenOut: false,
    reopenedAtMs: 0,
    credentialId: "p",
    ways: [],
    serviceTiers: {},
    ramps: ramp?.isKnown === true,
    requestsPerMinute: figures === "operator" ? requests : null,
    tokensPerMinute: figures === "operator" ? tokens : null,
  };
  return {
    id: "m",
    slug: "m",
    upstreamName: "m",
    provider,
    contextTokens: 1000,
    maxOutputTokens: 100,
    defaultOutputTokens: 100,
    fallbacks: [],
    price: null,
    createdAt: 0,
  };
}
