import { randomBytes } from "node:crypto";
import { ScriptError, StoreUnavailable } from "@/lib/errors";
import type { CheckState } from "@/lib/limits/decide";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { RedisClient } from "@/lib/redis/client";
import type {
  Admission,
  AdmitReply,
  AdmitRequest,
  KnownCount,
  Orphan,
  RunningCall,
  SettleRequest,
  WhenNew,
} from "../admission";
import { chunksOf, limitsInScripts, tenantsInScripts } from "../cluster/in-scripts";
import type { StoreKeys, TenantKeys } from "../keys";
import { deltasOf, type Held, type HeldRules, heldBy, NOTHING_HELD, readReservation, reservationText } from "./held";
import { layOut, placesIn } from "./layout";
import { PreparedLayouts } from "./prepared";
import { readAdmission, readPublished, readStates } from "./replies";
import { ADMIT } from "./scripts/admit.lua";
import { CLAIM, HEARTBEAT, RESERVATIONS, RUNNING, TAKE_OVER } from "./scripts/liveness.lua";
import { PEEK } from "./scripts/peek.lua";
import { PUBLISH } from "./scripts/publish.lua";
import { RAISE } from "./scripts/raise.lua";
import { SETTLE } from "./scripts/settle.lua";
import { type ForShape, isStraight } from "./scripts/shape";

const TOMBSTONE_MS = 15 * 60 * 1000;
const CLAIM_MAX = 100;

/**
 * The shared implementation of the store: one script per method over Redis, Valkey or Upstash. Decides on the server's
 * clock, unless `now` gives a time: a positive one is used, a negative one only checks the server's. Fail mode: rejects
 * with StoreUnavailable without an answer in time. The script may have run, so all is idempotent by request id.
 */
export class RedisAdmission implements Admission {
  readonly #redis: Pick<RedisClient, "run" | "aside">;
  readonly #keys: StoreKeys;
  readonly #now: () => number;
  readonly #scripts: { readonly admit: ForShape; readonly settle: ForShape };
  /** What this process needs to settle its unsettled calls. */
  readonly #held = new Map<string, Held>();
  readonly #prepared: PreparedLayouts;
  /** tells this process apart from others */
  readonly #own = randomBytes(6).toString("base64url");
  #publications = 0;
  /** The lowest tick that every tenant's flags may have: a store with lower flags has lost writes. */
  #whole = 0;
  /** The latest tick seen so far. */
  #latest = 0;
  #onTimeOff: () => void = () => undefined;

  constructor(
    redis: Pick<RedisClient, "run" | "aside">,
    keys: StoreKeys,
    now: () => number = () => 0,
    scripts = { admit: ADMIT, settle: SETTLE },
  ) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
    this.#scripts = scripts;
    this.#prepared = new PreparedLayouts(keys);
  }

  /** Called when the server's clock is further from the caller's than allowed. */
  onTimeOff(listener: () => void): void {
    this.#onTimeOff = listener;
  }

  /**
   * The store may have lost its last writes. Until `publish` has restored what is known elsewhere, the store answers
   * every admission of this process as if it had forgotten the policy.
   */
  distrust(): void {
    // Another process may be one tick ahead of what was seen here.
    this.#whole = Math.max(this.#whole, this.#latest) + 2;
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    const prepared = this.#prepared.of(request.plans);
    if (request.brake !== null) {
      // A braked call needs only its version and its brake, so nothing else is sent. X: the brake has expired meanwhile.
      const light = await this.#ask({ ...request, plans: [] }, this.#prepared.of([]).held);
      if (light === "C") this.#onTimeOff();
      if (light !== "X") return readAdmission(light, request, prepared);
    }
    const { held } = prepared;
    const text = await this.#ask({ ...request, brake: null }, held);
    if (text === "C") this.#onTimeOff();
    const answer = readAdmission(text, request, prepared);
    if (answer.kind === "admit") {
      // A call that is asked for again was admitted by the policy of the first time.
      const rules = this.#held.get(request.requestId)?.rules ?? rulesOf(request);
      this.#held.set(request.requestId, heldBy(held, answer.planIndex, rules));
    }
    return answer;
  }

  async #ask(request: AdmitRequest, held: Held): Promise<string> {
    const { subjectKeys, leaseKeys } = held;
    const keys = this.#keys.tenant(request.tenantId);
    const first = [keys.flags, keys.reservation(request.requestId), keys.strikes(request.caller)];
    const args = [
      ...[
        this.#time(),
        request.requestId,
        `${request.policyVersion},${this.#whole}`,
        brakeText(request.brake),
        String(request.leaseMs),
      ],
      [subjectKeys.length, leaseKeys.length, request.plans.length, request.isProbe === true ? 1 : 0].join(","),
      ...[held.sent.join(","), reservationText(held, keys.open, request.intent, rulesOf(request))],
    ];
    const [policyKey, ...whole] = this.#policyKeys(keys, held);
    const counters = [...subjectKeys, keys.open, ...leaseKeys];
    const names = [...first, policyKey, ...counters, ...whole, keys.finished(request.requestId)];
    const script = this.#scripts.admit(held.shape);
    const run = (policy: string) => this.#redis.run(script, names, [...args, policy], "admit");
    return this.#withPolicy(run, held.policy);
  }

  async settle(request: SettleRequest): Promise<"settled" | "repeat" | "unknown"> {
    const { requestId, tenantId } = request;
    const held = this.#held.get(requestId) ?? (await this.#takeOver(tenantId, requestId))?.held;
    const keys = this.#keys.tenant(tenantId);
    // Without knowing what the call holds, the script can still tell a settled call from an unknown one.
    const { subjectKeys, leaseKeys, policy } = held ?? NOTHING_HELD;
    const [policyKey, ...whole] = this.#policyKeys(keys, held ?? NOTHING_HELD);
    const names = [
      keys.reservation(requestId),
      keys.flags,
      policyKey,
      ...subjectKeys,
      keys.open,
      ...leaseKeys,
      keys.note(requestId),
      ...whole,
      keys.finished(requestId),
    ];
    const deltas = held === undefined ? [] : deltasOf(held, request.actual);
    const counts = [String(subjectKeys.length), String(leaseKeys.length)];
    const { version, untilMs } = held?.rules ?? NO_RULES;
    const rules = [`${version},`, untilMs === null ? "" : String(untilMs)];
    const script = this.#scripts.settle(held?.shape ?? NOTHING_HELD.shape);
    const run = (text: string) =>
      this.#redis.run(
        script,
        names,
        [this.#time(), requestId, ...counts, deltas.join(","), text, String(TOMBSTONE_MS), ...rules],
        "settle",
      );
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
    const keys = this.#keys.tenant(request.tenantId);
    const leases = this.#held.get(request.requestId)?.leaseKeys ?? [];
    const names = [keys.reservation(request.requestId), keys.note(request.requestId), keys.open, ...leases];
    const args = [this.#time(), request.requestId, String(request.leaseMs), request.note];
    const reply = await this.#redis.run(HEARTBEAT, names, args, "heartbeat");
    return reply === "H" ? "held" : "gone";
  }

  /** In batches, one after the other: a look at thousands of counters delays no admission for long. */
  async peek(limits: readonly AppliedLimit[]): Promise<{ now: number; states: readonly CheckState[] }> {
    const [first = [], ...rest] = limitsInScripts(limits, this.#keys);
    const { now, states } = await this.#peek(first);
    const all = new Map(first.map((limit, index) => [limit, states[index]]));
    for (const piece of rest) {
      const peeked = await this.#peek(piece);
      for (const [index, limit] of piece.entries()) all.set(limit, peeked.states[index]);
    }
    return { now, states: limits.flatMap((limit) => all.get(limit) ?? []) };
  }

  async #peek(limits: readonly AppliedLimit[]): Promise<{ now: number; states: readonly CheckState[] }> {
    const laid = layOut(limits, this.#keys);
    const { layout } = laid;
    const names = [...layout.subjectKeys, ...layout.leaseKeys];
    const counts = [String(layout.subjectKeys.length), String(layout.leaseKeys.length)];
    const reply = await this.#redis.aside(PEEK, names, [this.#time(), ...counts, layout.policy], "peek");
    const [, time = "", numbers = ""] = reply.split(",");
    const now = Number(time);
    const checks = limits.map((limit) => ({ ...limit, cost: 1 }));
    const places = placesIn(laid, limits);
    return { now, states: readStates(checks, numbers, { shape: layout.shape, places }, now) };
  }

  async publish(version: number, tenantIds: readonly string[], whenNew?: WhenNew): Promise<number> {
    // Each publication has its own mark. With another's mark, set after a flush, it would vouch for what it restored before.
    const mark = `${this.#own}${this.#publications++}`;
    let [whole, latest, newestThere] = [Number.POSITIVE_INFINITY, this.#latest, version];
    const noted = (published: { tick: number; latest: number; newest: number; unknown: string[] }) => {
      whole = Math.min(whole, published.tick);
      newestThere = Math.max(newestThere, published.newest);
      latest = Math.max(latest, published.latest);
      return published.unknown;
    };
    for (const ids of tenantsInScripts(tenantIds, this.#keys)) {
      let unknown = noted(await this.#publish(version, ids, { mark, mode: whenNew === undefined ? "plain" : "ask" }));
      for (let attempt = 0; unknown.length > 0 && attempt < RESTORES_MAX; attempt++) {
        const newest = (await whenNew?.(unknown)) ?? 0;
        unknown = noted(await this.#publish(Math.max(version, newest), unknown, { mark, mode: "sure" }));
      }
      if (unknown.length > 0) throw new StoreUnavailable("the store is emptied faster than it can be filled again");
    }
    this.#latest = latest;
    if (Number.isFinite(whole)) this.#whole = Math.max(this.#whole, whole);
    return newestThere;
  }

  /** Publishes some tenants' version, where the store is whole or is sure to be so now; `unknown` are the others. */
  async #publish(
    version: number,
    ids: readonly string[],
    { mark, mode }: { mark: string; mode: "ask" | "sure" | "plain" },
  ) {
    const keys = ids.map((id) => this.#keys.tenant(id));
    const names = [...keys.map(({ flags }) => flags), ...keys.map((one) => one.mark(mark))];
    const atLeast = Math.max(this.#whole, this.#latest);
    const args = [this.#time(), String(version), mode, String(this.#whole), String(atLeast)];
    const { unknown, ...told } = readPublished(await this.#redis.run(PUBLISH, names, args, "publish"));
    return { ...told, unknown: unknown.flatMap((index) => ids[index] ?? []) };
  }

  /** In batches. A counter that cannot be lifted does not stop the others; the first fault is thrown at the end. */
  async raise(counts: readonly KnownCount[], how?: "set"): Promise<void> {
    const faults: unknown[] = [];
    for (const piece of chunksOf(counts, RAISED_AT_ONCE)) {
      const done = await Promise.allSettled(piece.map((count) => this.#raise(count, how)));
      faults.push(...done.flatMap((one) => (one.status === "rejected" ? [one.reason] : [])));
      if (faults.some((fault) => fault instanceof StoreUnavailable)) break;
    }
    if (faults.length > 0) throw faults[0];
  }

  async #raise({ limit, used, usedBefore }: KnownCount, how?: "set"): Promise<void> {
    const { layout } = layOut([limit], this.#keys);
    const numbers = [String(used), String(limit.rule.algorithm === "sliding_window" ? usedBefore : 0)];
    const args = [this.#time(), layout.policy, ...numbers, how ?? ""];
    await this.#redis.aside(RAISE, layout.subjectKeys, args, "raise");
  }

  async running(tenantId: string): Promise<readonly RunningCall[]> {
    const keys = this.#keys.tenant(tenantId);
    const listed = await this.#redis.aside(RUNNING, [keys.open], [String(RUNNING_MAX)], "running");
    const ids = listed.slice(1).split(",").filter(Boolean);
    if (ids.length === 0) return [];
    const reply = await this.#redis.aside(RESERVATIONS, ids.map(keys.reservation), [], "reservations");
    return piecesOf(Buffer.from(reply).subarray(1)).map((text) => {
      const { held, intent } = readReservation(text);
      return { intent, planIndex: held.plan ?? 0 };
    });
  }

  async reap(request: { tenantIds: readonly string[]; leaseMs: number }): Promise<readonly Orphan[]> {
    const orphans: Orphan[] = [];
    for (const ids of tenantsInScripts(request.tenantIds, this.#keys)) {
      const args = [this.#time(), String(request.leaseMs), String(CLAIM_MAX)];
      const reply = await this.#redis.run(
        CLAIM,
        ids.map((id) => this.#keys.tenant(id).open),
        args,
        "claim",
      );
      for (const claim of reply.slice(1).split(",").filter(Boolean)) {
        const [index = "", requestId = ""] = claim.split("=");
        const tenantId = ids[Number(index) - 1] ?? "";
        const taken = await this.#takeOver(tenantId, requestId).catch(onlyThisOne);
        if (taken === null) continue;
        this.#held.set(requestId, taken.held);
        const planIndex = taken.held.plan ?? 0;
        orphans.push({ requestId, tenantId, intent: taken.intent, planIndex, note: taken.note });
      }
    }
    return orphans;
  }

  /** Reads what a reservation holds and takes it over: its owner's next heartbeat gets "gone". */
  async #takeOver(tenantId: string, requestId: string): Promise<{ held: Held; intent: string; note: string } | null> {
    const keys = this.#keys.tenant(tenantId);
    const names = [keys.reservation(requestId), keys.note(requestId), keys.open];
    const reply = Buffer.from(await this.#redis.run(TAKE_OVER, names, [requestId], "take over"));
    if (reply.at(0) !== "T".charCodeAt(0)) return null;
    const comma = reply.indexOf(",");
    const end = comma + 1 + Number(reply.subarray(1, comma).toString());
    const reservation = reply.subarray(comma + 1, end).toString();
    const { held, intent } = readReservation(reservation);
    return { held, intent, note: reply.subarray(end).toString() };
  }

  /** Runs with the stored policy; if the store does not have it, again with the numbers themselves. */
  async #withPolicy(run: (policy: string) => Promise<string>, policy: string): Promise<string> {
    const reply = await run("");
    return reply === "N" ? run(policy) : reply;
  }

  /** Where a shape's script finds the policy: its amounts first; the whole in a separate key, for the general script. */
  #policyKeys(keys: TenantKeys, { shape, policyHash: hash }: Held): [string, ...string[]] {
    return isStraight(shape) ? [keys.amounts(hash), keys.policy(hash)] : [keys.policy(hash)];
  }

  #time(): string {
    return String(this.#now());
  }
}

const RESTORES_MAX = 5;
const RUNNING_MAX = 500;
const RAISED_AT_ONCE = 100;

const NO_RULES: HeldRules = { version: -1, untilMs: null };

function rulesOf({ policyVersion, policyUntilMs = null }: AdmitRequest): HeldRules {
  return { version: policyVersion, untilMs: policyUntilMs };
}

/** A call with an unreadable reservation does not stop the others from being taken over. */
function onlyThisOne(error: unknown): null {
  if (error instanceof ScriptError) return null;
  throw error;
}

/** The texts of a reply that begins with each one's length in bytes; empty ones are left out. */
function piecesOf(reply: Buffer): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < reply.length; ) {
    const comma = reply.indexOf(",", at);
    const end = comma + 1 + Number(reply.subarray(at, comma).toString());
    if (end > comma + 1) pieces.push(reply.subarray(comma + 1, end).toString());
    at = end;
  }
  return pieces;
}

function brakeText(brake: AdmitRequest["brake"]): string {
  if (brake === null) return "";
  return brake.expiresAtMs === null ? "-1" : String(brake.expiresAtMs);
}
