import { expect, test } from "vitest";
import type { AdmitReply, AdmitRequest } from "@/lib/admission/admission";
import { PublicError, StoreUnavailable } from "@/lib/errors";
import { NOTHING_USED } from "@/lib/limits/cost";
import { makeLog } from "@/lib/log";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import { QUEUE_CONSTANTS } from "@/lib/scarcity/order/constants";
import { SHED_CONSTANTS } from "@/lib/scarcity/shedding/pressure";
import { Shedding } from "@/lib/scarcity/shedding/shedding";
import { parseChat } from "@/lib/wire/openai/parse-chat";
import { SeenBudgets } from "../attempt/seen-budgets";
import { TokenHistory } from "../attempt/token-history";
import type { Principal } from "../caller/principal";
import type { Exchange } from "../exchange/exchange";
import { Queue } from "../waiting/queue";
import { WaitingLines } from "../waiting/waiting-lines";
import { type AdmitTools, admit } from "./admit";

const ADMITTED: AdmitReply = { kind: "admit", now: 1000, planIndex: 0, states: [] };
const STALE: AdmitReply = { kind: "stale" };
const clock = { now: () => 1000 };
const log = makeLog("silent");

/** One process in front of a store that gives scripted replies, one per admission. */
class World {
  readonly asked: AdmitRequest[] = [];
  readonly settled: unknown[] = [];
  readonly done: string[] = [];
  readonly shedding = new Shedding(() => SHED_CONSTANTS);
  snapshot = snapshot(["m"]);
  /** rows of the database that this process has not read yet */
  unheard: readonly string[] = [];
  readonly #script: (AdmitReply | Error)[];

  constructor(...script: (AdmitReply | Error)[]) {
    this.#script = script;
  }

  run(model = "m", priority: string | undefined = undefined) {
    const header = (name: string) => (name === "x-spillway-priority" ? priority : undefined);
    const said = priority === undefined ? {} : { header, requestId: "req_00000000" };
    const elapsed = () => 0;
    const waitingLines = new WaitingLines({ constants: () => QUEUE_CONSTANTS, elapsed, random: () => 0, others: null });
    const tools = this.#tools();
    const queue = new Queue(
      { ...tools, waitingLines, isDraining: () => false, elapsed },
      {
        signal: exchange.signal,
        tenantId: "t",
        tierPosition: 0,
        bytes: 0,
        park: () => () => undefined,
        onWaiting: () => undefined,
      },
    );
    const call = parseChat({ model, messages: [{ role: "user", content: "hi" }], max_tokens: 5 });
    return admit(tools, { exchange: { ...exchange, ...said }, principal, call, queue });
  }

  #tools(): AdmitTools {
    const world = this;
    return {
      clock,
      log,
      digestSecret: "s",
      instanceId: "i",
      leaseMs: 1000,
      random: () => 0,
      seenBudgets: new SeenBudgets(clock),
      tokenHistory: new TokenHistory(),
      shedding: this.shedding,
      upstreams: {
        door: () => ({ kind: "open" }),
        probe: async () => true,
        giveUpProbe: () => undefined,
        room: () => [],
        withCredential: (model) => model,
      },
      admission: {
        admit: async (request) => {
          world.asked.push(request);
          const reply = world.#script.shift();
          if (reply === undefined) throw new Error("nobody asks so often");
          if (reply instanceof Error) throw reply;
          return reply;
        },
        settle: async (request) => {
          world.settled.push(request);
          return "settled";
        },
      },
      policy: {
        get snapshot() {
          return world.snapshot;
        },
        news: async () => {
          world.done.push("news");
          world.snapshot = snapshot(["m", ...world.unheard]);
          return "in_force";
        },
        refresh: async () => {
          world.done.push("refresh");
          return world.snapshot;
        },
      },
      keys: { current: async () => principal, isCurrent: () => true },
      books: {
        came: ({ isRefused }) => void world.done.push(isRefused ? "refused" : "came"),
        observed: () => undefined,
        refuse: () => void world.done.push("booked"),
      },
      metrics: {
        decided: () => undefined,
        observed: () => undefined,
        shed: (priority, how) => void world.done.push(`${how} ${priority}`),
      },
    };
  }
}

const codeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => "admitted",
    (error: unknown) => (error instanceof PublicError ? error.code : String(error)),
  );

test("an admitted call has the intent of the chosen way, at the store's time", async () => {
  const world = new World(ADMITTED);
  const { intent, candidate } = await world.run();
  expect(intent).toMatchObject({
    requestId: "req_1",
    servedModel: "m",
    limitMode: "shared",
    admittedAt: new Date(1000),
  });
  expect(candidate.outputTokensEach).toBe(5);
  expect(world.done).toEqual(["came"]);
});

test("a stale policy is read again before the next try, and four in a row are refused", async () => {
  const once = new World(STALE, ADMITTED);
  expect([await codeOf(once.run()), once.done]).toEqual(["admitted", ["refresh", "came"]]);
  const always = new World(STALE, STALE, STALE, STALE);
  expect([await codeOf(always.run()), always.asked.length]).toEqual(["limiter_unavailable", 4]);
});

test("a store that gives no answer refuses the call, and a possible reservation is given back", async () => {
  const world = new World(new StoreUnavailable("away"));
  expect(await codeOf(world.run())).toBe("limiter_unavailable");
  expect(world.settled).toEqual([{ tenantId: "t", requestId: "req_1", actual: NOTHING_USED }]);
});

test("the database is asked once before a model is refused as unknown", async () => {
  const world = new World(ADMITTED);
  world.unheard = ["new"];
  expect([await codeOf(world.run("new")), world.done]).toEqual(["admitted", ["news", "came"]]);
  const unknown = new World();
  expect([await codeOf(unknown.run("other")), unknown.done]).toEqual(["model_not_found", ["news"]]);
});

test("under pressure a call of a shed class is refused before the store is asked, booked and counted; other calls pass", async () => {
  const shed = new World(ADMITTED);
  shed.shedding.update({ loopDelayMs: 5000, callsShare: 0, waitingCalls: 0 }, 0);
  const error = await shed.run("m", "batch").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "call_shed", refusal: { fields: { priority: "batch", reason: "event loop" } } });
  expect([shed.asked, shed.done]).toEqual([[], ["shed batch", "refused", "booked"]]);
  // Without a cheaper model a standard call is served as it is.
  expect([await codeOf(shed.run("m", "standard")), shed.done.slice(3)]).toEqual([
    "admitted",
    ["downgrade standard", "came"],
  ]);
});

test("a braked call is booked as refused, once", async () => {
  const world = new World({ kind: "braked", now: 1000, brakeId: "b" });
  expect([await codeOf(world.run()), world.done]).toEqual(["kill_switch_active", ["refused", "booked"]]);
});

const exchange: Exchange = {
  requestId: "req_1",
  method: "POST",
  path: "/v1/chat/completions",
  query: "",
  clientAddress: "192.0.2.1",
  header: () => undefined,
  headers: () => [],
  body: async () => undefined,
  signal: new AbortController().signal,
};

const tier = {
  id: "f",
  slug: "free",
  name: "Free",
  version: 1,
  ladder: {},
  keyDaysMax: 90,
  position: 0,
  updatedAt: new Date(0),
};
const tenant = {
  id: "t",
  slug: "acme",
  name: "Acme",
  tierId: "f",
  timeZone: "UTC",
  featureClasses: {},
  classPermits: {},
  status: "active",
  linkVersion: 1,
  createdAt: new Date(0),
};
const principal: Principal = {
  tenant,
  tier,
  policyVersion: 1,
  key: {
    id: "k",
    familyId: "k",
    name: "one",
    hmac: "",
    last4: "",
    tenantId: "t",
    environment: "production",
    pepperVersion: 1,
    status: "active",
    priority: "standard",
    models: null,
    endpoints: null,
    ipAllow: null,
    rotatesKeyId: null,
    overlapSeconds: null,
    bodyMbMax: null,
    rotateDays: null,
    holderMayRotate: false,
    madeByHolder: false,
    lastUsedAt: null,
    revokedAt: null,
    expiresAt: null,
    createdAt: new Date(0),
  },
};

function snapshot(slugs: readonly string[]): Snapshot {
  const provider = {
    id: "p",
    slug: "p",
    dialect: "openai" as const,
    baseUrl: "http://p",
    credentialEnv: null,
    preset: null,
    credentialSealed: null,
    allowLocal: false,
    continuousUsage: false,
    strict: false,
    answerSeconds: null,
    silenceSeconds: null,
    requestsPerMinute: null,
    tokensPerMinute: null,
    coolsDown: true,
    isTakenOut: false,
    reopenedAtMs: 0,
    credentialId: "p",
    ramps: false,
    serviceTiers: {},
    ways: [],
  };
  const price = { input: 1, cachedInput: 1, output: 1 };
  const sizes = { contextTokens: 1000, maxOutputTokens: 100, defaultOutputTokens: 50, fallbacks: [] };
  const models = slugs.map((slug) => ({ id: slug, slug, upstreamName: slug, provider, ...sizes, price, createdAt: 0 }));
  const compiled = { kind: "policy" as const, policy: { version: 1, limits: [], validUntilMs: null } };
  return {
    version: 1,
    tenants: new Map([["t", tenant]]),
    tiers: new Map([["f", tier]]),
    models: new Map(models.map((model) => [model.slug, model])),
    brakes: [],
    budgets: [],
    faults: [],
    policyOf: () => compiled,
    policyIf: () => compiled,
    sourceOf: () => null,
    keyLimitsOf: () => null,
  };
}
