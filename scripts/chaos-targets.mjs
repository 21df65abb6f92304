// The promises under faults, and the tests that measure them. `full`: as large as fits when all take an hour together;
// `quick`: a few minutes. `figure` finds the lines that a test prints about itself. `lacks`: the part of a promise that
// nothing here measures yet.

const e2e = (files, more = {}) => ({ project: "e2e", files: [files].flat(), full: {}, quick: {}, ...more });
const unit = (files, more = {}) => ({ project: "unit", files: [files].flat(), full: {}, quick: {}, ...more });
const bench = (name, more = {}) => ({ command: ["node", "scripts/bench.mjs", name], full: {}, quick: {}, ...more });
const rim = (files, more = {}) => ({ project: "rim", files: [files].flat(), full: {}, quick: {}, ...more });

export const TARGETS = [
  {
    id: "T-01",
    promise: "healthy store: nothing is admitted over a limit, nothing refused while every limit had room",
    runs: [
      e2e("e2e/chaos/hammer", {
        full: { HAMMER_CALLS: "100000" },
        quick: { HAMMER_CALLS: "10000" },
        figure: /^hammer: .*/gm,
      }),
      e2e("e2e/chaos/mixed-load", {
        full: { MIXED_CALLS: "10000" },
        quick: { MIXED_CALLS: "1500" },
        figure: /^mixed load: .*/gm,
      }),
    ],
  },
  {
    id: "T-02",
    promise: "faults of the store: at most one limit over in the window that breaks, nothing after it",
    runs: [
      unit("lib/admission/fallback/fallback", {}),
      e2e("e2e/chaos/stores", { name: "a store that lost what it had counted" }),
      e2e("e2e/chaos/clocks"),
    ],
  },
  {
    id: "T-03",
    promise: "calls that end in every way leave no slot and no reservation held",
    runs: [
      e2e("e2e/chaos/endings", {
        full: { CALLS: "5000" },
        quick: { CALLS: "1000" },
        figure: /^\{"rows":.*|seed \d+/gm,
        isSeeded: true,
      }),
    ],
  },
  {
    id: "T-04",
    promise: "kill -9 of gateways, Redis and PostgreSQL: no row lost, none double, the sums are the provider's",
    runs: [
      e2e("e2e/chaos/kills", {
        full: { KILLS: "60", CALLS: "40000" },
        quick: { KILLS: "5", CALLS: "3000" },
        figure: /^\d+ calls, \d+ kills: .*/gm,
      }),
      e2e("e2e/chaos/crash", { name: "kill -9" }),
      e2e(["e2e/chaos/disk", "e2e/chaos/stopped"]),
    ],
  },
  {
    id: "T-05",
    promise: "the line to Redis lags, jitters, cuts or hangs: every call is answered and booked once",
    runs: [
      e2e("e2e/chaos/lines", {
        full: { FAULTS: "40" },
        quick: { FAULTS: "4" },
        figure: /^faults on the line to Redis: .*/gm,
        isSeeded: true,
      }),
    ],
  },
  {
    id: "T-06",
    promise: "PostgreSQL is killed or hangs: known keys are served, and every row comes later",
    runs: [
      e2e("e2e/chaos/database-faults", {
        full: { OUTAGE_SECONDS: "600" },
        figure: /^the database was away: .*/gm,
      }),
    ],
  },
  {
    id: "T-07",
    promise: "no call is admitted anywhere after a brake has been answered",
    runs: [
      e2e("e2e/chaos/four-processes", {
        name: "from the press of a brake",
        figure: /^from the press of a brake to the refusal: .*/gm,
      }),
      e2e("e2e/operators/brakes"),
    ],
  },
  {
    id: "T-08",
    promise: "a lone caller that waits as long as its refusal says is admitted; a tenth earlier it is not",
    runs: [
      unit("lib/admission/memory/memory", {
        name: "random refusals",
        full: { TOLD_REFUSALS: "10000" },
        quick: { TOLD_REFUSALS: "2000" },
        isSeeded: true,
      }),
      rim("lib/admission/redis/redis", { name: "random refusals", isSeeded: true }),
    ],
  },
  {
    id: "T-09",
    promise: "refusals stay cheap under a storm, and others are served",
    runs: [bench("storm", { full: { SECONDS: "30" }, quick: { SECONDS: "10" }, figure: /^storm: .*/gm })],
    lacks: "goodput at ten times the capacity: `npm run bench -- scarcity`",
  },
  {
    id: "T-10",
    promise: "a provider that fails is not asked more often than callers ask",
    runs: [
      unit("lib/gateway/attempt"),
      e2e("e2e/scarcity/upstream", { name: "fail every call", figure: /^\d+ calls of providers that fail: .*/gm }),
    ],
  },
  {
    id: "T-11",
    promise: "SIGTERM: no connection refused early, streams may finish, the exit comes in time, all is settled",
    runs: [e2e("e2e/fleet/stop"), e2e("e2e/chaos/crash", { name: "SIGTERM|drain" })],
  },
  {
    id: "T-12",
    promise: "each bad input gets its one answer on both doors and in both dialects, and consumes nothing",
    runs: [e2e("e2e/corpus")],
  },
  {
    id: "T-13",
    promise: "bodies, streams, rows and requests of any shape crash nothing",
    runs: [unit("lib/fuzz", { full: { FUZZ: "100" }, quick: { FUZZ: "1" }, isSeeded: true })],
  },
  {
    id: "T-14",
    promise: "an unknown key and a wrong secret take the same time",
    runs: [
      bench("key-timing", { full: { SAMPLES: "25000" }, quick: { SAMPLES: "2500" }, figure: /^key timing: .*/gm }),
    ],
  },
  {
    id: "T-15",
    promise: "each role on each route of its own and of other tenants gets what the table says",
    runs: [e2e("e2e/operators/routes")],
  },
  {
    id: "T-16",
    promise: "no key, secret or prompt in logs, errors and answers",
    runs: [e2e("e2e/audit/canaries"), e2e("e2e/audit/logs")],
    readsLogs: true,
  },
  {
    id: "T-17",
    promise:
      "random histories under virtual time break no invariant; the scripts decide as the engine does, bit for bit",
    runs: [
      unit("lib/admission/simulation", {
        name: "histories",
        full: { SEEDS: "5000" },
        quick: { SEEDS: "200" },
        isSeeded: true,
      }),
      rim("lib/admission/redis/bit-equal"),
    ],
  },
  {
    id: "T-18",
    promise: "edits under load: each decision matches exactly one version",
    runs: [
      e2e("e2e/chaos/four-processes", {
        name: "edits under load",
        full: { EDITS: "100" },
        quick: { EDITS: "8" },
        figure: /^edits under load: .*/gm,
      }),
    ],
  },
  {
    id: "T-19",
    promise: "a soak of mixed faults leaves memory, descriptors and timers as they were",
    runs: [bench("soak", { full: { MINUTES: "8" }, quick: { MINUTES: "2" }, figure: /^soak: .*/gm })],
    lacks: "an hour: `npm run bench -- soak --minutes 60`",
  },
  {
    id: "T-20",
    promise: "no dependency with a known fault of severity high",
    runs: [
      {
        command: ["npm", "audit", "--omit=dev", "--audit-level=high"],
        full: {},
        quick: {},
        unreached: /audit endpoint returned an error/,
        figure: /^.*vulnerabilities.*/gm,
      },
    ],
  },
];
