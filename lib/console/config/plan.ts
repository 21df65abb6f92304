import { limitSetFaults } from "@/lib/policy/rows/limit-row";
import type { ConfigFile } from "./config-file";
import { differences } from "./differences";
import { type Content, KINDS, type Kind, type Objects } from "./objects";

export type Named = { readonly kind: Kind; readonly name: string };

/** What a file's last application left on an object. */
export type Mark = Named & { readonly source: string };

export type PlannedChange = Named & {
  readonly act: "create" | "change" | "replace" | "remove";
  /** what changes, one line for each value */
  readonly words: readonly string[];
  /** The object was edited after a file was applied. This change undoes or keeps that edit. */
  readonly drifted: boolean;
};

/** An object that was edited after its file was applied. */
export type Drift = Mark & { readonly words: readonly string[] };

export type Plan = {
  readonly changes: readonly PlannedChange[];
  /** equal to the file already, and not marked yet */
  readonly adopted: readonly Named[];
  /** removed from the file and kept; only the mark is removed */
  readonly released: readonly Named[];
  /** never in the file; unchanged */
  readonly others: readonly Named[];
  /** why the file cannot be applied; empty when it can */
  readonly faults: readonly string[];
};

/**
 * Objects of these kinds are removed with their file entry. Other kinds stay, because calls and the ledger refer to
 * them.
 */
const REMOVABLE: ReadonlySet<Kind> = new Set<Kind>(["budget", "alert-rule"]);
/** Members that a budget cannot change. The budget is recreated, and its spend is counted from the ledger. */
const BUDGET_FIXED = ["level", "tenant", "target", "period", "windowSeconds", "timeZone"];

type State = {
  readonly wanted: Objects;
  readonly live: Objects;
  readonly marks: readonly Mark[];
  readonly drift: readonly Drift[];
  readonly source: string;
  /** objects of another file may become this one's */
  readonly takesOver: boolean;
};

/** The changes of applying a file, in order. Pure. */
export function planOf(state: State): Omit<Plan, "faults"> {
  const { wanted, live, marks, source } = state;
  const drifted = new Set(state.drift.map(idOf));
  const own = new Set(marks.filter((mark) => mark.source === source).map(idOf));
  const changes: PlannedChange[] = [];
  const adopted: Named[] = [];
  const others: Named[] = [];
  for (const kind of KINDS) {
    for (const [name, content] of wanted[kind] ?? []) {
      const change = changeOf({ kind, name }, live[kind]?.get(name), content);
      if (change !== null) changes.push({ ...change, drifted: drifted.has(idOf(change)) });
      else if (!own.has(idOf({ kind, name }))) adopted.push({ kind, name });
    }
    if (wanted[kind] === null) continue;
    for (const name of live[kind]?.keys() ?? []) {
      if (wanted[kind].has(name) || own.has(idOf({ kind, name }))) continue;
      others.push({ kind, name });
    }
  }
  const gone = marks.filter((mark) => mark.source === source && !wanted[mark.kind]?.has(mark.name));
  const removed = gone.filter(({ kind, name }) => isRemoved({ kind, name }, wanted, live));
  const removals = removed.map(({ kind, name }): PlannedChange => {
    const change = { kind, name, act: "remove" as const, words: ["is no longer in the file"] };
    return { ...change, drifted: drifted.has(idOf(change)) };
  });
  const released = gone.filter((mark) => !removed.includes(mark)).map(({ kind, name }) => ({ kind, name }));
  return { changes: [...changes, ...removals.reverse()], adopted, released, others };
}

/** A missing section means that the file no longer manages it. */
function isRemoved({ kind, name }: Named, wanted: Objects, live: Objects): boolean {
  return REMOVABLE.has(kind) && wanted[kind] !== null && live[kind]?.has(name) === true;
}

function changeOf(
  { kind, name }: Named,
  before: Content | undefined,
  after: Content,
): Omit<PlannedChange, "drifted"> | null {
  if (before === undefined) return { kind, name, act: "create", words: differences({}, after) };
  const words = differences(before, after);
  if (words.length === 0) return null;
  const isReplaced = kind === "budget" && words.some((line) => BUDGET_FIXED.includes(line.split(":")[0] ?? ""));
  return { kind, name, act: isReplaced ? "replace" : "change", words };
}

/** Objects that were edited after their file was applied. `marked`: the file state of each marked object. */
export function driftOf(marks: readonly Mark[], marked: Objects, live: Objects): Drift[] {
  return marks.flatMap(({ kind, name, source }) => {
    const before = marked[kind]?.get(name);
    const after = live[kind]?.get(name);
    if (before === undefined)
      return [{ kind, name, source, words: ["was written by another release; apply the file again"] }];
    if (after === undefined) return [{ kind, name, source, words: ["was removed"] }];
    const words = differences(before, after, "before");
    return words.length === 0 ? [] : [{ kind, name, source, words }];
  });
}

/** What the file names and neither it nor the installation has, limits that contradict themselves, and foreign marks. */
export function faultsOf(file: ConfigFile, state: State & { readonly channels: ReadonlySet<string> }): string[] {
  const { wanted, live, marks, source, takesOver, channels } = state;
  const has = (kind: Kind, name: string) => wanted[kind]?.has(name) === true || live[kind]?.has(name) === true;
  const lacks = (at: string, kind: Kind, name: string | undefined) =>
    name === undefined || has(kind, name) ? [] : [`${at}: there is no ${kind} "${name}"`];
  const entries = <One>(section: Readonly<Record<string, One>> | undefined) => Object.entries(section ?? {});
  const foreign = marks.filter(
    (mark) => mark.source !== source && wanted[mark.kind]?.has(mark.name) === true && !takesOver,
  );
  return [
    ...limitSetFaults(file.everyone ?? [], "everyone").map((fault) => `everyone: ${fault}`),
    ...entries(file.models).flatMap(([name, { provider, fallbacks = [], laterPrices = [] }]) => [
      ...startTwice(laterPrices).map((at) => `models.${name}.laterPrices: two prices start at ${at}`),
      ...lacks(`models.${name}`, "provider", provider),
      ...fallbacks.flatMap((model) => lacks(`models.${name}.fallbacks`, "model", model)),
    ]),
    ...entries(file.tiers).flatMap(([name, { limits, ladder }]) => [
      ...limitSetFaults(limits, "tier").map((fault) => `tiers.${name}: ${fault}`),
      ...ladder.models.flatMap((model) => lacks(`tiers.${name}.ladder`, "model", model)),
    ]),
    ...entries(file.tenants).flatMap(([name, { tier }]) => lacks(`tenants.${name}`, "tier", tier)),
    ...entries(file.budgets).flatMap(([name, { tenant }]) => lacks(`budgets.${name}`, "tenant", tenant)),
    ...entries(file.alertRules).flatMap(([name, rule]) =>
      rule.channels
        .filter((channel) => !channels.has(channel))
        .map(
          (channel) => `alertRules.${name}: the channel "${channel}" does not exist; create it in the console first`,
        ),
    ),
    ...foreign.map(
      (mark) =>
        `${mark.kind} ${mark.name} is managed from ${mark.source}; remove it from that file before you take it over`,
    ),
  ];
}

/** Moments at which more than one price starts. */
function startTwice(prices: readonly { readonly validFrom: string }[]): string[] {
  const starts = prices.map(({ validFrom }) => new Date(validFrom).toISOString());
  return [...new Set(starts.filter((at, index) => starts.indexOf(at) !== index))];
}

function idOf({ kind, name }: Named): string {
  return `${kind} ${name}`;
}
