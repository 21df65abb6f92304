import { settledBy } from "@/lib/limits/charge";
import { type Amounts, DIMENSIONS, type Dimension } from "@/lib/limits/rules/dimensions";
import type { Shape } from "./layout";
import { UNTOUCHED } from "./scripts/slots.lua";

const NO_SHAPE: Shape = { subjects: [], leases: 0, groups: [] };

/** What one admitted call holds: kept here and, with its reservation, in the store for another process that settles it. */
export type Held = {
  readonly subjectKeys: readonly string[];
  readonly leaseKeys: readonly string[];
  readonly policyHash: string;
  readonly dimensions: readonly Dimension[];
  /** which slots keep their reservation */
  readonly kept: readonly boolean[];
  readonly slots: number;
  readonly costs: readonly number[];
  /** the costs as the admission script takes them: one for each group of the shape, or one for each counter */
  readonly sent: readonly number[];
  /** the plan that was admitted, from 0; unknown until then */
  readonly plan?: number;
  /** The policy's numbers, when this process laid them out itself; else '': only the store has them. */
  readonly policy: string;
  /** the layout of its counters; no slots when only the store's copy is known */
  readonly shape: Shape;
  /** the policy that admitted it; unknown until then */
  readonly rules?: HeldRules;
};

/** The version of the policy that admitted a call, and until when it holds; null = until the next one. */
export type HeldRules = { readonly version: number; readonly untilMs: number | null };

/** What a call admitted by this plan holds. Written out: a spread costs microseconds. */
export function heldBy(held: Held, plan: number, rules: HeldRules): Held {
  const { subjectKeys, leaseKeys, policyHash, dimensions, kept, slots, costs, sent, policy, shape } = held;
  return { subjectKeys, leaseKeys, policyHash, dimensions, kept, slots, costs, sent, policy, shape, plan, rules };
}

/** The reservation's text, which the admission script stores behind its reply; `readReservation` undoes it. */
export function reservationText(held: Held, openKey: string, intent: string, rules: HeldRules): string {
  const dimensions = held.dimensions.map((dimension) => DIMENSIONS.indexOf(dimension)).join("");
  // Rare, and behind the digits, where an older reader sees no dimension.
  const digits = held.kept.includes(true)
    ? `${dimensions}${held.kept.map((one) => (one ? KEPT : NOT_KEPT)).join("")}`
    : dimensions;
  // Each byte costs the script time, so the common beginning of all keys is written once.
  const tag = openKey.slice(0, openKey.indexOf("}") + 1);
  const keys = [...held.subjectKeys, openKey, ...held.leaseKeys].map((key) =>
    key.startsWith(tag) ? key.slice(tag.length) : key,
  );
  const until = rules.untilMs === null ? "" : `.${rules.untilMs}`;
  const names = [tag, `${held.policyHash}.${rules.version}${until}`, ...keys].join(" ");
  return `${held.subjectKeys.length}|${names}|${held.costs.join(",")}|${digits}\n${intent}`;
}

const KEPT = "k";
const NOT_KEPT = "-";

/** Undoes what the script wrote: reply | S | tag, policy with its version and end, keys | costs | dimensions, line break, intent. */
export function readReservation(text: string): { held: Held; intent: string } {
  const [reply = "", subjects = "", keyText = "", costs = "", ...rest] = text.split("|");
  const [digits = "", ...intent] = rest.join("|").split("\n");
  const [tag = "", policyName = "", ...short] = keyText.split(" ");
  // A reservation of an older process has no version.
  const [policyHash = "", version = "-1", untilMs] = policyName.split(".");
  const keys = short.map((key) => (key.includes("{") ? key : `${tag}${key}`));
  const count = Number(subjects);
  const dimensions = [...digits].flatMap((digit) => DIMENSIONS[Number(digit)] ?? []);
  const marks = digits.slice(dimensions.length);
  const held = {
    subjectKeys: keys.slice(0, count),
    // The key of the running calls follows the subjects.
    leaseKeys: keys.slice(count + 1),
    policyHash,
    dimensions,
    kept: dimensions.map((_, slot) => marks[slot] === KEPT),
    slots: dimensions.length,
    costs: costs === "" ? [] : costs.split(",").map(Number),
    sent: [],
    plan: Number(reply.split(",")[2]) - 1,
    policy: "",
    shape: NO_SHAPE,
    rules: { version: Number(version), untilMs: untilMs === undefined ? null : Number(untilMs) },
  };
  return { held, intent: intent.join("\n") };
}

export const NOTHING_HELD: Held = {
  subjectKeys: [],
  leaseKeys: [],
  policy: "0",
  policyHash: "none",
  dimensions: [],
  kept: [],
  slots: 0,
  costs: [],
  sent: [],
  shape: NO_SHAPE,
};

/** Actual minus reserved for each slot of the admitted plan, or for each group; UNTOUCHED where it reserved nothing. */
export function deltasOf(held: Held, actual: Amounts): number[] {
  const start = (held.plan ?? 0) * (held.slots + held.leaseKeys.length);
  const deltas: number[] = [];
  for (const [slot, dimension] of held.dimensions.entries()) {
    const reserved = held.costs[start + slot] ?? 0;
    const hold = { dimension, reserved, ...(held.kept[slot] === true ? { isKept: true as const } : {}) };
    deltas[held.shape.groups[slot] ?? slot] = reserved === 0 ? UNTOUCHED : settledBy(hold, actual);
  }
  return deltas;
}
