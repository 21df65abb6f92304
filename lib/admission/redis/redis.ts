import { StoreUnavailable } from "@/lib/errors";
import { type CheckState, stateFrom } from "@/lib/limits/decide";
import { type Amounts, DIMENSIONS, type Dimension } from "@/lib/limits/dimensions";
import type { AppliedLimit, Check, Plan } from "@/lib/limits/plan";
import type { RedisClient } from "@/lib/redis/client";
import type { Script } from "@/lib/redis/script";
import type { Admission, AdmitReply, AdmitRequest, Orphan, SettleRequest } from "../admission";
import { tenantKeys } from "../keys";
import { ADMIT } from "./admit.lua";
import { CLAIM, HEARTBEAT, PEEK, PUBLISH, SETTLE, TAKE_OVER } from "./after.lua";
import { costsOf, type Laid, layOut, policyHash } from "./layout";

const TOMBSTONE_MS = 15 * 60 * 1000;
const CLAIM_MAX = 100;
const KEYS_AT_ONCE = 500;

/**
 * The shared body of the store: one script per method over Redis, Valkey or Upstash. Decides on the server's clock
 * unless `now` is given (tests, as are other scripts). Fail mode: a store that does not answer in time rejects with StoreUnavailable; the
 * script may have run all the same, which is why everything is idempotent by request id.
 */
export class RedisAdmission implements Admission {
  readonly #redis: RedisClient;
  readonly #now: () => number;
  readonly #scripts: { readonly admit: Script; readonly settle: Script };
  /** Calls of this process that are not settled yet: what settling them takes. */
  readonly #held = new Map<string, Held>();
  readonly #hashes = new Map<string, string>();

  constructor(redis: RedisClient, now: () => number = () => 0, scripts = { admit: ADMIT, settle: SETTLE }) {
    this.#redis = redis;
    this.#now = now;
    this.#scripts = scripts;
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    if (request.brake !== null) {
      // A braked call is known by its version and its brake: nothing else is sent. X: the brake has run out meanwhile.
      const light = await this.#ask({ ...request, plans: [] }, layOut([]));
      if (light !== "X") return readAdmission(light, request, layOut(request.plans.flatMap((plan) => plan.checks)));
    }
    const laid = layOut(request.plans.flatMap((plan) => plan.checks));
    const answer = readAdmission(await this.#ask({ ...request, brake: null }, laid), request, laid);
    if (answer.kind === "admit") {
      const held = this.#heldBy(request.plans, laid);
      this.#held.set(request.requestId, { ...held, plan: answer.planIndex, policy: laid.layout.policy });
    }
    return answer;
  }

  async #ask(request: AdmitRequest, laid: Laid): Promise<string> {
    const { layout } = laid;
    const keys = tenantKeys(request.tenantId);
    const held = this.#heldBy(request.plans, laid);
    const names = [
      ...[keys.flags, keys.reservation(request.requestId), keys.strikes(request.caller), keys.policy(held.policyHash)],
      ...[...layout.subjectKeys, keys.open, ...layout.leaseKeys],
    ];
    const costs = held.costs.join(",");
    const digits = held.dimensions.map((dimension) => DIMENSIONS.indexOf(dimension)).join("");
    const holds = `${layout.subjectKeys.length}|${names.slice(POLICY_KEY).join(" ")}|${costs}|${digits}`;
    const args = [
      ...[this.#time(), request.requestId, String(request.policyVersion), brakeText(request.brake)],
      ...[
        String(request.leaseMs),
        ...[layout.subjectKeys, layout.leaseKeys, request.plans].map((list) => String(list.length)),
      ],
      ...[
        costs,
        `${holds}
${request.intent}`,
      ],
    ];
    return this.#withPolicy((policy) => this.#redis.run(this.#scripts.admit, names, [...args, policy]), layout.policy);
  }

  #heldBy(plans: readonly Plan[], laid: Laid): Stored {
    const { policy, ...layout } = laid.layout;
    return { ...layout, costs: costsOf(plans, laid), policyHash: this.#hashOf(policy) };
  }

  async settle(request: SettleRequest): Promise<"settled" | "repeat" | "unknown"> {
    const { requestId, tenantId } = request;
    const held = this.#held.get(requestId) ?? (await this.#takeOver(tenantId, requestId))?.held;
    const keys = tenantKeys(tenantId);
    // Without knowing what it holds, the script can still tell a settled call from one that never was.
    const { subjectKeys, leaseKeys, policy, policyHash: hash } = held ?? NOTHING_HELD;
    const names = [
      keys.reservation(requestId),
      keys.note(requestId),
      keys.policy(hash),
      ...subjectKeys,
      keys.open,
      ...leaseKeys,
    ];
    const deltas = held === undefined ? [] : deltasOf(held, request.actual);
    const counts = [String(subjectKeys.length), String(leaseKeys.length)];
    const run = (text: string) =>
      this.#redis.run(this.#scripts.settle, names, [
        this.#time(),
        requestId,
        ...counts,
        deltas.join(","),
        text,
        String(TOMBSTONE_MS),
      ]);
    const reply = await this.#withPolicy(run, policy);
    this.#held.delete(requestId);
    return reply === "S" ? "settled" : reply === "R" ? "repeat" : "unknown";
  }

  async heartbeat(request: {
    tenantId: string;
    requestId: string;
    leaseMs: number;
    note: string;
  }): Promise<"held" | "gone"> {
    const keys = tenantKeys(request.tenantId);
    const leases = this.#held.get(request.requestId)?.leaseKeys ?? [];
    const names = [keys.reservation(request.requestId), keys.note(request.requestId), keys.open, ...leases];
    const reply = await this.#redis.run(HEARTBEAT, names, [
      this.#time(),
      request.requestId,
      String(request.leaseMs),
      request.note,
    ]);
    return reply === "H" ? "held" : "gone";
  }

  async peek(limits: readonly AppliedLimit[]): Promise<{ now: number; states: readonly CheckState[] }> {
    const { layout, positions } = layOut(limits);
    const names = [...layout.subjectKeys, ...layout.leaseKeys];
    const counts = [String(layout.subjectKeys.length), String(layout.leaseKeys.length)];
    const reply = await this.#redis.run(PEEK, names, [this.#time(), ...counts, layout.policy]);
    const [, time = "", numbers = ""] = reply.split(",");
    const now = Number(time);
    const { levels, waits } = readNumbers(numbers);
    const states = limits.map((limit) => {
      const position = positions.get(limit.counter) ?? 0;
      return stateFrom({ ...limit, cost: 1 }, levels[position] ?? 0, waits[position] ?? 0, now);
    });
    return { now, states };
  }

  async publish(version: number, tenantIds: readonly string[]): Promise<void> {
    for (const ids of chunksOf(tenantIds)) {
      await this.#redis.run(
        PUBLISH,
        ids.map((id) => tenantKeys(id).flags),
        [String(version)],
      );
    }
  }

  async reap(request: { tenantIds: readonly string[]; leaseMs: number }): Promise<readonly Orphan[]> {
    const orphans: Orphan[] = [];
    for (const ids of chunksOf(request.tenantIds)) {
      const args = [this.#time(), String(request.leaseMs), String(CLAIM_MAX)];
      const reply = await this.#redis.run(
        CLAIM,
        ids.map((id) => tenantKeys(id).open),
        args,
      );
      for (const claim of reply.slice(1).split(",").filter(Boolean)) {
        const [index = "", requestId = ""] = claim.split("=");
        const tenantId = ids[Number(index) - 1] ?? "";
        const taken = await this.#takeOver(tenantId, requestId);
        if (taken === null) continue;
        this.#held.set(requestId, taken.held);
        orphans.push({ requestId, tenantId, intent: taken.intent, note: taken.note });
      }
    }
    return orphans;
  }

  /** Reads what a reservation holds, and makes it ours: its owner will be told that it is gone. */
  async #takeOver(tenantId: string, requestId: string): Promise<{ held: Held; intent: string; note: string } | null> {
    const keys = tenantKeys(tenantId);
    const names = [keys.reservation(requestId), keys.note(requestId), keys.open];
    const reply = Buffer.from(await this.#redis.run(TAKE_OVER, names, [requestId]));
    if (reply.at(0) !== "T".charCodeAt(0)) return null;
    const comma = reply.indexOf(",");
    const end = comma + 1 + Number(reply.subarray(1, comma).toString());
    const reservation = reply.subarray(comma + 1, end).toString();
    const { held, intent } = readReservation(reservation);
    return { held, intent, note: reply.subarray(end).toString() };
  }

  /** Runs with the stored policy; when the store does not have it, once more with the numbers themselves. */
  async #withPolicy(run: (policy: string) => Promise<string>, policy: string): Promise<string> {
    const reply = await run("");
    return reply === "N" ? run(policy) : reply;
  }

  #hashOf(policy: string): string {
    const known = this.#hashes.get(policy);
    if (known !== undefined) return known;
    if (this.#hashes.size >= HASHES_MAX) this.#hashes.clear();
    const hash = policyHash(policy);
    this.#hashes.set(policy, hash);
    return hash;
  }

  #time(): string {
    return String(this.#now());
  }
}

const HASHES_MAX = 10_000;
/** Where the policy's key stands among an admission's. */
const POLICY_KEY = 3;

/** What one admitted call holds: kept here and, with its reservation, in the store for whoever settles it instead. */
type Stored = {
  readonly subjectKeys: readonly string[];
  readonly leaseKeys: readonly string[];
  readonly policyHash: string;
  readonly dimensions: readonly Dimension[];
  readonly slots: number;
  readonly costs: readonly number[];
  /** the plan that was admitted, from 0; unknown until then */
  readonly plan?: number;
};

/** `policy`: its numbers, when this process laid them out itself; they outlive the store's copy by no more than a day. */
type Held = Stored & { readonly policy: string };

/** Undoes what the script wrote: reply | S | keys from the policy's on | costs | dimensions, line break, intent. */
function readReservation(text: string): { held: Held; intent: string } {
  const [reply = "", subjects = "", keyText = "", costs = "", ...rest] = text.split("|");
  const [digits = "", ...intent] = rest.join("|").split("\n");
  const [policyKey = "", ...keys] = keyText.split(" ");
  const count = Number(subjects);
  const dimensions = [...digits].flatMap((digit) => DIMENSIONS[Number(digit)] ?? []);
  const held = {
    subjectKeys: keys.slice(0, count),
    // Behind the subjects stands the key of the running calls.
    leaseKeys: keys.slice(count + 1),
    policyHash: policyKey.slice(policyKey.lastIndexOf(":") + 1),
    dimensions,
    slots: dimensions.length,
    costs: costs === "" ? [] : costs.split(",").map(Number),
    plan: Number(reply.split(",")[2]) - 1,
    policy: "",
  };
  return { held, intent: intent.join("\n") };
}

const NOTHING_HELD: Held = {
  subjectKeys: [],
  leaseKeys: [],
  policy: "0",
  policyHash: "none",
  dimensions: [],
  slots: 0,
  costs: [],
};

/** Actual minus reserved for each slot of the admitted plan. */
function deltasOf(held: Held, actual: Amounts): number[] {
  const start = (held.plan ?? 0) * (held.slots + held.leaseKeys.length);
  return held.dimensions.map((dimension, slot) => {
    const reserved = held.costs[start + slot] ?? 0;
    return reserved === 0 ? 0 : actual[dimension] - reserved;
  });
}

function brakeText(brake: AdmitRequest["brake"]): string {
  if (brake === null) return "";
  return brake.expiresAtMs === null ? "-1" : String(brake.expiresAtMs);
}

function readAdmission(reply: string, request: AdmitRequest, laid: Laid): AdmitReply {
  const [kind, time = "", ...rest] = reply.split(",");
  const now = Number(time);
  switch (kind) {
    case "A": {
      const planIndex = Number(rest[0]) - 1;
      return { kind: "admit", now, planIndex, states: statesOf(request.plans[planIndex], rest[1] ?? "", laid, now) };
    }
    case "D": {
      const [plan, wait, told, numbers = ""] = rest;
      const planIndex = Number(plan) - 1;
      const states = statesOf(request.plans[planIndex], numbers, laid, now);
      return { kind: "deny", planIndex, states, now, retryAfterMs: Number(wait), toldMs: Number(told) };
    }
    case "K":
      return { kind: "braked", now, brakeId: request.brake?.id ?? "" };
    case "B":
      return { kind: "boxed", now, toldMs: Number(rest[0]) };
    case "S":
      return { kind: "finished", now };
    case "F":
    case "V":
      return { kind: "stale" };
    default:
      throw new StoreUnavailable("the store gave an answer that is none of the script's");
  }
}

function statesOf(plan: Plan | undefined, numbers: string, { positions }: Laid, now: number): CheckState[] {
  if (plan === undefined) throw new StoreUnavailable("the store names a plan that was not offered");
  const { levels, waits } = readNumbers(numbers);
  return plan.checks.map((check: Check) => {
    const position = positions.get(check.counter) ?? 0;
    return stateFrom(check, levels[position] ?? 0, waits[position] ?? 0, now);
  });
}

function readNumbers(text: string): { levels: number[]; waits: number[] } {
  const [levels = "", waits = ""] = text.split(";");
  const list = (part: string) => (part === "" ? [] : part.split(":").map(Number));
  return { levels: list(levels), waits: list(waits) };
}

function chunksOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / KEYS_AT_ONCE) }, (_, index) =>
    ids.slice(index * KEYS_AT_ONCE, (index + 1) * KEYS_AT_ONCE),
  );
}
