import { Counter, Gauge, type Registry } from "prom-client";
import type { StoreFaults } from "./errors";

/** What calls hold of this process. */
type Load = Readonly<Record<"calls" | "bodyBytes" | "bodiesWaiting" | "turnsWaiting" | "answersHeld", number>>;

/** Where the figures that are read when they are asked for come from. */
export type MetricsSource = {
  openCalls: () => number;
  waitingCalls: () => number;
  waitingByPriority: () => Readonly<Record<string, number>>;
  shedPressure: () => number;
  /** of providers: limits by how well they are known, and places to which nothing is sent */
  upstream: () => { readonly rooms: Readonly<Record<string, number>>; readonly closed: number };
  load: () => Load;
  policyVersion: () => number;
  policyFaults: (effect: "held" | "refused" | "later" | "blocks") => number;
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

/** What runs, waits and is held in this process. */
export function loadFigures(registry: Registry, source: MetricsSource): void {
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
  gauge("spillway_answers_held", "Repeated refusals that wait before they are sent.", () => source.load().answersHeld);
}

/** How many calls wait, and how hard the process is pressed. */
export function queueFigures(registry: Registry, source: MetricsSource): void {
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

/** What this process knows of its providers. All processes know the same: the most that one of them says counts. */
export function upstreamFigures(registry: Registry, source: MetricsSource): void {
  new Gauge({
    name: "spillway_upstream_rooms",
    help: "Limits of providers' credentials and models by how well they are known: fresh, aged, unknown, or none at all.",
    labelNames: ["known"] as const,
    aggregator: "max",
    registers: [registry],
    collect() {
      for (const [known, count] of Object.entries(source.upstream().rooms)) this.set({ known }, count);
    },
  });
  const closed = "Credentials' models to which no calls are sent: cooling down, failing or taken out.";
  gaugesOf(registry)("spillway_upstream_closed", closed, () => source.upstream().closed, "max");
}

/** As in `PolicyFault`. */
const FAULT_EFFECTS = ["held", "refused", "later", "blocks"] as const;

export function policyFigures(registry: Registry, source: MetricsSource): void {
  const gauge = gaugesOf(registry);
  gauge("spillway_policy_version", "Version of the policy in force here.", source.policyVersion, "min");
  new Gauge({
    name: "spillway_policy_faults",
    help: "Rows of the database that do not compile: held = the last good policy of their tenant stays, refused = there is none, later = calls are refused when a stronger override ends, blocks = a brake blocks more than its scope.",
    labelNames: ["effect"] as const,
    aggregator: "max",
    registers: [registry],
    collect() {
      for (const effect of FAULT_EFFECTS) this.set({ effect }, source.policyFaults(effect));
    },
  });
}

export function storeFigures(registry: Registry, source: MetricsSource): void {
  const { scripts, away } = source.storeFaults;
  const help = "1 while limits are enforced by this process alone.";
  gaugesOf(registry)("spillway_store_away", help, asFlag(source.isStoreAway), "max");
  const off = "1 while one clock contradicts the others and is not believed.";
  gaugesOf(registry)("spillway_clock_off", off, asFlag(source.isClockOff), "max");
  counts([registry], {
    name: "spillway_script_errors_total",
    help: "Errors inside the store's scripts: each is a bug.",
    label: "script",
    read: () => scripts,
  });
  counts([registry], {
    name: "spillway_store_failures_total",
    help: "Requests that the store did not serve, by reason.",
    label: "reason",
    read: () => away,
  });
  gaugesOf(registry)(
    "spillway_store_refills",
    "How often this process put back what the ledger knows into the store.",
    source.refills,
  );
}

export function databaseFigures(registry: Registry, source: MetricsSource): void {
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
      name,
      help,
      aggregator,
      registers: [registry],
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
export function counts(registers: Registry[], { name, help, label, read }: Counts): void {
  new Counter({
    name,
    help,
    registers,
    labelNames: [label],
    collect() {
      this.reset();
      for (const [value, count] of read()) this.labels(String(value)).inc(count);
    },
  });
}
