import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import {
  counts,
  databaseFigures,
  loadFigures,
  type MetricsSource,
  policyFigures,
  queueFigures,
  storeFigures,
  upstreamFigures,
} from "./process-figures";

const LATELY_MAX = 1024;

/** What the metrics of one process come to. */
export type Figures = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

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
    upstreamFigures(registry, source);
    policyFigures(registry, source);
    storeFigures(registry, source);
    databaseFigures(registry, source);
    this.#callFigures();
  }

  #callFigures(): void {
    const registers = [this.#registry];
    counts(registers, {
      name: "spillway_answers_total",
      help: "Data-plane answers by HTTP status.",
      label: "status",
      read: () => this.#answers,
    });
    counts(registers, {
      name: "spillway_calls_total",
      help: "Calls that reached a provider, by how they ended.",
      label: "ending",
      read: () => this.#endings,
    });
    counts(registers, {
      name: "spillway_tokens_total",
      help: "Tokens charged.",
      label: "kind",
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
