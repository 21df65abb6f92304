import type { Check, Plan } from "@/lib/limits/plan";
import type { Rule } from "@/lib/limits/rules/rule";
import type { StoreKeys } from "../keys";
import type { Held } from "./held";
import { costsOf, groupedCosts, policyHash as hashOf, layOut, placesIn } from "./layout";
import { isStraight } from "./scripts/shape";

/** The plans of one admission as the scripts take them: what is kept until settlement, and each check's place. */
export type Prepared = { readonly held: Held; placesOf(checks: readonly Check[]): readonly number[] };

/**
 * Lays plans out for the scripts. Calls under one policy differ only in subjects and costs, so the layout of a plan's
 * rules (policy text, hash, shape, places) is computed once and then found by the rules themselves. A found layout is
 * checked against the plan at hand; a plan that does not fit is laid out from scratch. Layouts are dropped with the
 * policy, as nothing else holds its rules.
 */
export class PreparedLayouts {
  readonly #keys: StoreKeys;
  readonly #hashes = new Map<string, string>();
  readonly #root = newNode();
  #unlimited: Prepared | null = null;

  constructor(keys: StoreKeys) {
    this.#keys = keys;
  }

  of(plans: readonly Plan[]): Prepared {
    const [only] = plans;
    if (only === undefined || plans.length > 1) return this.#laidOut(plans);
    // No limits: all such plans are equal.
    if (only.checks.length === 0) {
      this.#unlimited ??= this.#laidOut(plans);
      return this.#unlimited;
    }
    const node = this.#nodeOf(only.checks);
    if (node === null) return this.#laidOut(plans);
    const known = node.form === null ? null : filledIn(node.form, only.checks, this.#keys);
    if (known !== null) return known;
    const made = this.#laidOut(plans);
    node.form = formOf(made, only.checks);
    return made;
  }

  #laidOut(plans: readonly Plan[]): Prepared {
    const laid = layOut(
      plans.flatMap((plan) => plan.checks),
      this.#keys,
    );
    const { layout } = laid;
    const costs = costsOf(plans, laid);
    const grouped = isStraight(layout.shape) ? groupedCosts(costs, laid) : null;
    const shape = { ...layout.shape, groups: grouped?.groups ?? [] };
    const held = { ...layout, shape, costs, sent: grouped?.costs ?? costs, policyHash: this.#hashOf(layout.policy) };
    return { held, placesOf: (checks) => placesIn(laid, checks) };
  }

  /** The node of plans with these rules, for every caller; null when there are too many to remember. */
  #nodeOf(checks: readonly Check[]): Node | null {
    if (checks.length > CHECKS_MAX) return null;
    let node = this.#root;
    for (const check of checks) {
      const next = nextOf(node, check);
      if (next === null) return null;
      node = next;
    }
    return node;
  }

  #hashOf(policy: string): string {
    const known = this.#hashes.get(policy);
    if (known !== undefined) return known;
    if (this.#hashes.size >= HASHES_MAX) this.#hashes.clear();
    const hash = hashOf(policy);
    this.#hashes.set(policy, hash);
    return hash;
  }
}

const HASHES_MAX = 10_000;
const CHECKS_MAX = 64;
/** The most slots that share one rule object; a policy has one rule for each limit. */
const TWINS_MAX = 16;

type Node = { readonly next: WeakMap<Rule, Branch[]>; form: Form | null };
type Branch = Pick<Check, "slotId" | "dimension" | "observe" | "isPart" | "isKept"> & { readonly node: Node };

function newNode(): Node {
  return { next: new WeakMap(), form: null };
}

function nextOf(node: Node, { rule, slotId, dimension, observe, isPart, isKept }: Check): Node | null {
  let branches = node.next.get(rule);
  if (branches === undefined) {
    branches = [];
    node.next.set(rule, branches);
  }
  for (const one of branches) {
    const isSame = one.slotId === slotId && one.dimension === dimension;
    if (isSame && one.observe === observe && one.isPart === isPart && one.isKept === isKept) return one.node;
  }
  if (branches.length >= TWINS_MAX) return null;
  const made = newNode();
  const rare = { ...(isPart === true ? { isPart } : {}), ...(isKept === true ? { isKept } : {}) };
  branches.push({ slotId, dimension, observe, ...rare, node: made });
  return made;
}

/** What all plans with the same rules have in common. Checks are named by their index in the plan. */
type Form = {
  readonly held: Held;
  /** place of each check among slots and leases */
  readonly places: readonly number[];
  /** the check at each place */
  readonly inOrder: readonly number[];
  /** for each check with a slot: the first check of its subject; for a lease: itself */
  readonly firsts: readonly number[];
  /** the checks that name the subjects with slots, in order, then the leases */
  readonly subjects: readonly number[];
  readonly leases: readonly number[];
  /** `sent`: the check of each sent cost; null = all are sent. `shares`: for each check, the one whose cost it shares */
  readonly sent: readonly number[] | null;
  readonly shares: readonly number[];
};

/** Null: a plan not worth remembering, because one counter is in it twice or a check costs nothing. */
function formOf({ held, placesOf }: Prepared, checks: readonly Check[]): Form | null {
  const places = placesOf(checks);
  if (new Set(places).size < checks.length || checks.some(({ cost }) => cost <= 0)) return null;
  const isLease = checks.map(({ rule }) => rule.algorithm === "concurrency");
  const inOrder = checks.map((_, index) => index).sort((one, other) => (places[one] ?? 0) - (places[other] ?? 0));
  const firstOf = (subject: string) => checks.findIndex((one, index) => !isLease[index] && one.subject === subject);
  const firsts = checks.map(({ subject }, index) => (isLease[index] ? index : firstOf(subject)));
  const slots = inOrder.filter((index) => !isLease[index]);
  const { groups } = held.shape;
  const memberOf = (group: number) => inOrder[groups.indexOf(group)] ?? 0;
  return {
    held,
    places,
    inOrder,
    firsts,
    subjects: [...new Set(slots.map((index) => firsts[index] ?? 0))],
    leases: inOrder.filter((index) => isLease[index]),
    sent: groups.length === 0 ? null : [...new Set(groups)].map(memberOf),
    shares: groups.length === 0 ? checks.map((_, index) => index) : places.map((place) => memberOf(groups[place] ?? 0)),
  };
}

/** A form with the subjects and costs of this plan; null when the plan is not of that form. */
function filledIn(form: Form, checks: readonly Check[], keys: StoreKeys): Prepared | null {
  if (!isOfForm(form, checks)) return null;
  const { inOrder, subjects, leases, sent } = form;
  const { policyHash, dimensions, kept, slots, policy, shape } = form.held;
  const costs = inOrder.map((index) => checks[index]?.cost ?? 0);
  const held = {
    subjectKeys: subjects.map((index) => keys.subject("c", checks[index]?.subject ?? "")),
    leaseKeys: leases.map((index) => keys.subject("l", checks[index]?.subject ?? "", checks[index]?.slotId)),
    policyHash,
    dimensions,
    kept,
    slots,
    costs,
    sent: sent === null ? costs : sent.map((index) => checks[index]?.cost ?? 0),
    policy,
    shape,
  };
  return { held, placesOf: () => form.places };
}

function isOfForm({ firsts, shares, subjects, leases }: Form, checks: readonly Check[]): boolean {
  for (const [index, { subject, cost }] of checks.entries()) {
    if (cost <= 0 || checks[firsts[index] ?? 0]?.subject !== subject) return false;
    if (checks[shares[index] ?? 0]?.cost !== cost) return false;
  }
  return (
    areDistinct(subjects, (index) => checks[index]?.subject) && areDistinct(leases, (index) => checks[index]?.counter)
  );
}

function areDistinct(indexes: readonly number[], nameOf: (index: number) => string | undefined): boolean {
  for (let one = 1; one < indexes.length; one++) {
    const name = nameOf(indexes[one] ?? 0);
    for (let other = 0; other < one; other++) if (nameOf(indexes[other] ?? 0) === name) return false;
  }
  return true;
}
