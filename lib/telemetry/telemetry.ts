import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { LedgerInsert } from "@/db/queries/books/record";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import { Histograms } from "./histograms";
import { isSampled, type Span, spanOf, text } from "./spans";

const SEND_EVERY_MS = 5000;
const SEND_MS = 5000;
/** Beyond it spans are dropped until the collector takes some again. */
const SPANS_MAX = 8192;
const SPANS_PER_REQUEST = 1024;
const PARENTS_MAX = 20_000;

/** Where an OpenTelemetry collector listens for OTLP over HTTP, and as what we are known there. */
export type TelemetrySettings = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
};

/**
 * Sends one span per call and two histograms to a collector, as OTLP/HTTP with JSON. Off unless a collector is named. Fail
 * mode: what the collector does not take is dropped and counted; no call waits for it.
 */
export class Telemetry {
  readonly #settings: TelemetrySettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #resource: object;
  readonly #histograms: Histograms;
  readonly #parents = new LRUCache<string, string>({ max: PARENTS_MAX });
  #spans: Span[] = [];
  #dropped = 0;
  #sending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isAway = false;

  constructor(input: { settings: TelemetrySettings; instance: string; release: string; clock: Clock; log: Log }) {
    const { settings, instance, release, clock, log } = input;
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#resource = {
      attributes: [
        text("service.name", settings.serviceName),
        text("service.version", release),
        text("service.instance.id", instance),
      ],
    };
    this.#histograms = new Histograms(new Date(clock.now()));
  }

  start(): void {
    this.#timer = setInterval(() => void this.send(), SEND_EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#sending;
    await this.send();
  }

  /** A call begins in a caller's trace. */
  readonly begun = (requestId: string, traceparent: string | undefined): void => {
    if (traceparent !== undefined) this.#parents.set(requestId, traceparent);
  };

  /** A call has ended, as its ledger row says. */
  ended(row: LedgerInsert): void {
    const traceparent = this.#parents.get(row.requestId);
    this.#parents.delete(row.requestId);
    this.#histograms.add(row);
    if (!isSampled(traceparent)) return;
    if (this.#spans.length >= SPANS_MAX) this.#dropped += 1;
    else this.#spans.push(spanOf(row, { traceparent, randomHex: (bytes) => randomBytes(bytes).toString("hex") }));
  }

  /** Sends what there is; one that is under way takes all with it. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    const scope = { name: "spillway" };
    try {
      while (this.#spans.length > 0) {
        const spans = this.#spans.splice(0, SPANS_PER_REQUEST);
        this.#dropped += spans.length;
        await this.#post("traces", { resourceSpans: [{ resource: this.#resource, scopeSpans: [{ scope, spans }] }] });
        this.#dropped -= spans.length;
      }
      const metrics = this.#histograms.read(new Date(this.#clock.now()));
      if (metrics.length > 0) {
        const scopeMetrics = [{ scope, metrics }];
        await this.#post("metrics", { resourceMetrics: [{ resource: this.#resource, scopeMetrics }] });
      }
      if (this.#isAway) this.#log.warn({ droppedSpans: this.#dropped }, "the OpenTelemetry collector is back");
      this.#isAway = false;
    } catch (error) {
      if (!this.#isAway) this.#log.warn({ err: error }, "the OpenTelemetry collector refuses data: spans are dropped");
      this.#isAway = true;
    }
  }

  async #post(what: "traces" | "metrics", body: object): Promise<void> {
    const { url, headers } = this.#settings;
    const answer = await fetch(`${url}/v1/${what}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(SEND_MS),
    });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${what}: the collector answered ${answer.status}`);
  }
}
