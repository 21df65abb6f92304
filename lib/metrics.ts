import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { StoreFaults } from "./errors";

const LATELY_MAX = 1024;

/** What the metrics of one process come to. */
export type Figures = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** What calls hold of this process. */
type Load = {
  readonly calls: number;
  readonly bodyBytes: number;
  readonly bodiesWaiting: number;
  readonly turnsWaiting: number;
};

/** Where the figures that are read when they are asked for come from. */
export type MetricsSource = {
  openCalls: () => number;
  waitingCalls: () => number;
  waitingByPriority: () => Readonly<Record<string, number>>;
  shedPressure: () => number;
  load: () => Load;
  policyVersion: () => number;
  policyFaults: (effect: "held" | "refused" | "blocks") => number;
  isStoreAway: () => boolean;
  /** a clock that the others contradict: this process's own, the database's or the store's */
  isClockOff: () => boolean;
  areKeysUnchecked: () => boolean;
  storeFaults: StoreFaults;
  refills: () => number;
  isDatabaseAway: () => boolean;
  databaseRestores: () => number;
  isAuditBroken: () => boolean;
  postgresRestarts: () => number;
};

/**
 * Figures of this process for a Prometheus server. No tenant, user or key is ever a label: their number has no bound.
 */
export class Metrics {
  readonly #registry = new Registry();
  // Counted with every call: plain sums, read when somebody asks. The registry's own counters spell their labels each time.
  readonly #answers = new Map<number, number>();
  readonly #endings = new Map<string, number>();
  #inputTokens = 0;
  #outputTokens = 0;
  #spend = 0;
  readonly #clamped = new Counter({
    name: "spillway_usage_clamped_total",
    help: "Calls whose provider reported more than they can have used; they are charged what is plausible.",
    registers: [this.#registry],
  });
  readonly #setAside = new Counter({
    name: "spillway_rows_set_aside_total",
    help: "Rows that the books cannot take, in DATA_DIR/journal/set-aside.ndjson.",
    labelNames: ["what"] as const,
    registers: [this.#registry],
  });
  readonly #booksFailed = new Counter({
    name: "spillway_books_failures_total",
    help: "Steps of the book-keeping that failed and are tried again.",
    labelNames: ["what"] as const,
    registers: [this.#registry],
  });
  readonly #refusals = new Counter({
    name: "spillway_refusals_total",
    help: "Refusals by error code.",
    labelNames: ["code"] as const,
    registers: [this.#registry],
  });
  readonly #bounded = new Counter({
    name: "spillway_bound_refusals_total",
    help: "Calls turned away for what they would hold of this process, by the bound they met.",
    labelNames: ["bound"] as const,
    registers: [this.#registry],
  });
  readonly #observed = new Counter({
    name: "spillway_observed_refusals_total",
    help: "Admitted calls that something which only observes would have refused: a limit or a brake.",
    labelNames: ["by"] as const,
    registers: [this.#registry],
  });
  readonly #shed = new Counter({
    name: "spillway_shed_total",
    help: "Calls that were shed or served by a cheaper model because there was too much to do, by priority.",
    labelNames: ["priority", "how"] as const,
    registers: [this.#registry],
  });
  readonly #shedCalls = new Map<string, number>();
  readonly #jobRuns = new Counter({
    name: "spillway_job_runs_total",
    help: "Runs of background jobs, by how they ended: done, failed or timeout.",
    labelNames: ["job", "outcome"] as const,
    registers: [this.#registry],
  });
  readonly #jobDone = new Gauge({
    name: "spillway_job_last_done_seconds",
    help: "When a background job was last done, seconds since 1970.",
    labelNames: ["job"] as const,
    aggregator: "max",
    registers: [this.#registry],
  });
  readonly #decision = new Histogram({
    name: "spillway_decision_seconds",
    help: "Time the store took to decide an admission.",
    buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5],
    registers: [this.#registry],
  });

  /** the latest decisions, in no order */
  readonly #lately: { ms: number; at: number }[] = [];
  #decided = 0;

  constructor(source: MetricsSource) {
    const registry = this.#registry;
    collectDefaultMetrics({ register: registry, prefix: "spillway_" });
    loadFigures(registry, source);
    queueFigures(registry, source);
    policyFigures(registry, source);
    storeFigures(registry, source);
    databaseFigures(registry, source);
    this.#callFigures();
  }

  #callFigures(): void {
    const registers = [this.#registry];
    counts(registers, {
      ...{ name: "spillway_answers_total", help: "Data-plane answers by HTTP status.", label: "status" },
      read: () => this.#answers,
    });
    counts(registers, {
      ...{ name: "spillway_calls_total", help: "Calls that reached a provider, by how they ended.", label: "ending" },
      read: () => this.#endings,
    });
    counts(registers, {
      ...{ name: "spillway_tokens_total", help: "Tokens charged.", label: "kind" },
      read: () => [
        ["input", this.#inputTokens],
        ["output", this.#outputTokens],
      ],
    });
    const spend = () => this.#spend;
    new Counter({
      name: "spillway_spend_micro_usd_total",
      help: "Money charged, in millionths of a US dollar.",
      registers,
      collect() {
        this.reset();
        this.inc(spend());
      },
    });
  }

  answered(status: number): void {
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
  }

  ended(call: {
    ending: string;
    usageSource: string;
    inputTokens: number;
    outputTokens: number;
    costMicroUsd: number;
  }): void {
    this.#endings.set(call.ending, (this.#endings.get(call.ending) ?? 0) + 1);
    if (call.usageSource === "clamped") this.#clamped.inc();
    this.#inputTokens += call.inputTokens;
    this.#outputTokens += call.outputTokens;
    this.#spend += call.costMicroUsd;
  }

  setAside(what: string): void {
    this.#setAside.inc({ what });
  }

  booksFailed(what: string): void {
    this.#booksFailed.inc({ what });
  }

  jobEnded(job: string, outcome: "done" | "failed" | "timeout"): void {
    this.#jobRuns.inc({ job, outcome });
    if (outcome === "done") this.#jobDone.setToCurrentTime({ job });
  }

  refused(code: string): void {
    this.#refusals.inc({ code });
  }

  bounded(bound: string): void {
    this.#bounded.inc({ bound });
  }

  observed(by: "limit" | "brake"): void {
    this.#observed.inc({ by });
  }

  shed(priority: string, how: "shed" | "downgrade"): void {
    this.#shed.inc({ priority, how });
    this.#shedCalls.set(priority, this.shedCalls(priority) + 1);
  }

  /** Calls of a priority that were shed or downgraded since the start. */
  shedCalls(priority: string): number {
    return this.#shedCalls.get(priority) ?? 0;
  }

  decided(ms: number, now: number): void {
    this.#decision.observe(ms / 1000);
    this.#lately[this.#decided++ % LATELY_MAX] = { ms, at: now };
  }

  /** What 95 of 100 decisions of the last minute took at most, of those that are kept; null = there was none. */
  decisionP95Ms(now: number): number | null {
    const took = this.#lately.flatMap(({ ms, at }) => (at > now - 60_000 ? ms : [])).sort((one, two) => one - two);
    return took[Math.floor(took.length * 0.95)] ?? null;
  }

  /** Prometheus' text form. With the figures of other processes, those of all of them together. */
  async text(others: readonly Figures[] = []): Promise<{ type: string; body: string }> {
    const registry =
      others.length === 0 ? this.#registry : AggregatorRegistry.aggregate([...others, await this.figures()]);
    return { type: registry.contentType, body: await registry.metrics() };
  }

  /** The figures of this process, for one that tells those of all. */
  figures(): Promise<Figures> {
    return this.#registry.getMetricsAsJSON();
  }
}

/** What runs, waits and is held in this process. */
function loadFigures(registry: Registry, source: MetricsSource): void {
  const gauge = gaugesOf(registry);
  gauge("spillway_open_calls", "Calls that run in this process now.", source.openCalls);
  gauge("spillway_waiting_calls", "Calls that wait in a queue of this process.", source.waitingCalls);
  gauge(
    "spillway_calls_at_once",
    "Calls that are here now, from their first byte to their answer's last.",
    () => source.load().calls,
  );
  gauge(
    "spillway_body_bytes",
    "Bytes of request bodies that have room here now, arrived or still to come.",
    () => source.load().bodyBytes,
  );
  gauge("spillway_bodies_waiting", "Calls that wait for room for their body.", () => source.load().bodiesWaiting);
  gauge(
    "spillway_turns_waiting",
    "Large bodies that are being read or wait for their turn.",
    () => source.load().turnsWaiting,
  );
}

/** How many calls wait, and how hard the process is pressed. */
function queueFigures(registry: Registry, source: MetricsSource): void {
  new Gauge({
    name: "spillway_waiting_calls_by_priority",
    help: "Calls that wait in a queue of this process, by priority.",
    labelNames: ["priority"] as const,
    registers: [registry],
    collect() {
      for (const [priority, count] of Object.entries(source.waitingByPriority())) this.set({ priority }, count);
    },
  });
  gaugesOf(registry)(
    "spillway_shed_pressure",
    "How hard a process is pressed: 1 = at a limit, from 2 on calls are shed.",
    source.shedPressure,
    "max",
  );
}

function policyFigures(registry: Registry, source: MetricsSource): void {
  const gauge = gaugesOf(registry);
  gauge("spillway_policy_version", "Version of the policy in force here.", source.policyVersion, "min");
  new Gauge({
    name: "spillway_policy_faults",
    help: "Rows of the database that do not compile: held = the last good policy of their tenant stays, refused = there is none, blocks = a brake blocks more than its scope.",
    labelNames: ["effect"] as const,
    aggregator: "max",
    registers: [registry],
    collect() {
      for (const effect of ["held", "refused", "blocks"] as const) this.set({ effect }, source.policyFaults(effect));
    },
  });
}

function storeFigures(registry: Registry, source: MetricsSource): void {
  const { scripts, away } = source.storeFaults;
  const help = "1 while limits are enforced by this process alone.";
  gaugesOf(registry)("spillway_store_away", help, asFlag(source.isStoreAway), "max");
  const off = "1 while one clock contradicts the others and is not believed.";
  gaugesOf(registry)("spillway_clock_off", off, asFlag(source.isClockOff), "max");
  counts([registry], {
    ...{ name: "spillway_script_errors_total", help: "Errors inside the store's scripts: each is a bug." },
    ...{ label: "script", read: () => scripts },
  });
  counts([registry], {
    ...{ name: "spillway_store_failures_total", help: "Requests that the store did not serve, by reason." },
    ...{ label: "reason", read: () => away },
  });
  gaugesOf(registry)(
    "spillway_store_refills",
    "How often this process put back what the ledger knows into the store.",
    source.refills,
  );
}

function databaseFigures(registry: Registry, source: MetricsSource): void {
  const gauge = gaugesOf(registry);
  const flag = (name: string, help: string, read: () => boolean) => gauge(name, help, asFlag(read), "max");
  flag(
    "spillway_keys_unchecked",
    "1 while keys are served from memory, as the database does not answer.",
    source.areKeysUnchecked,
  );
  flag("spillway_database_away", "1 while the database does not answer, as last seen.", source.isDatabaseAway);
  flag(
    "spillway_audit_broken",
    "1 once this process has found the end of the audit log changed.",
    source.isAuditBroken,
  );
  gauge(
    "spillway_database_restores",
    "How often this process found the database older than what was published from it, as after a backup was restored.",
    source.databaseRestores,
  );
  gauge(
    "spillway_postgres_restarts",
    "How often the embedded PostgreSQL ended by itself and was started again.",
    source.postgresRestarts,
    "max",
  );
}

/** Makes gauges that read their value when somebody asks. */
function gaugesOf(registry: Registry) {
  return (name: string, help: string, read: () => number, aggregator: "sum" | "min" | "max" = "sum") =>
    new Gauge({
      ...{ name, help, aggregator, registers: [registry] },
      collect() {
        this.set(read());
      },
    });
}

function asFlag(read: () => boolean): () => number {
  return () => (read() ? 1 : 0);
}

type Counts = {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly read: () => Iterable<readonly [string | number, number]>;
};

/** A counter of one label whose values are read when somebody asks. */
function counts(registers: Registry[], { name, help, label, read }: Counts): void {
  new Counter({
    ...{ name, help, registers },
    labelNames: [label],
    collect() {
      this.reset();
      for (const [value, count] of read()) this.labels(String(value)).inc(count);
    },
  });
}
