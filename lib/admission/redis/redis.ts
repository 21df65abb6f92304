import { randomBytes } from "node:crypto";
import { StoreUnavailable } from "@/lib/errors";
import type { CheckState } from "@/lib/limits/decide";
import type { AppliedLimit, Plan } from "@/lib/limits/plan";
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
import { tenantKeys } from "../keys";
import { ADMIT } from "./admit.lua";
import { CLAIM, HEARTBEAT, PEEK, PUBLISH, RAISE, RESERVATIONS, RUNNING, SETTLE, TAKE_OVER } from "./after.lua";
import { deltasOf, type Held, NOTHING_HELD, readReservation, reservationText } from "./held";
import { costsOf, type Laid, layOut, policyHash } from "./layout";
import { readAdmission, readStates } from "./replies";
import type { ForShape } from "./straight.lua";

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
  readonly #scripts: { readonly admit: ForShape; readonly settle: ForShape };
  /** Calls of this process that are not settled yet: what settling them takes. */
  readonly #held = new Map<string, Held>();
  readonly #hashes = new Map<string, string>();
  /** names this process where several must not be taken for one another */
  readonly #own = randomBytes(6).toString("base64url");

  constructor(redis: RedisClient, now: () => number = () => 0, scripts = { admit: ADMIT, settle: SETTLE }) {
    this.#redis = redis;
    this.#now = now;
    this.#scripts = scripts;
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    const laid = layOut(request.plans.flatMap((plan) => plan.checks));
    if (request.brake !== null) {
      // A braked call is known by its version and its brake: nothing else is sent. X: the brake has run out meanwhile.
      const light = await this.#ask({ ...request, plans: [] }, this.#heldBy([], layOut([])));
      if (light !== "X") return readAdmission(light, request, laid);
    }
    const held = this.#heldBy(request.plans, laid);
    const answer = readAdmission(await this.#ask({ ...request, brake: null }, held), request, laid);
    if (answer.kind === "admit") this.#held.set(request.requestId, { ...held, plan: answer.planIndex });
    return answer;
  }

  async #ask(request: AdmitRequest, held: Held): Promise<string> {
    const { subjectKeys, leaseKeys } = held;
    const keys = tenantKeys(request.tenantId);
    const first = [keys.flags, keys.reservation(request.requestId), keys.strikes(request.caller)];
    const fromPolicy = [keys.policy(held.policyHash), ...subjectKeys, keys.open, ...leaseKeys];
    const args = [
      ...[
        this.#time(),
        request.requestId,
        String(request.policyVersion),
        brakeText(request.brake),
        String(request.leaseMs),
      ],
      ...[subjectKeys, leaseKeys, request.plans].map((list) => String(list.length)),
      ...[held.costs.join(","), reservationText(held, fromPolicy, request.intent)],
    ];
    const names = [...first, ...fromPolicy];
    const script = this.#scripts.admit(held.shape);
    const probe = request.isProbe === true ? "1" : "";
    return this.#withPolicy((policy) => this.#redis.run(script, names, [...args, policy, probe]), held.policy);
  }

  #heldBy(plans: readonly Plan[], laid: Laid): Held {
    return { ...laid.layout, costs: costsOf(plans, laid), policyHash: this.#hashOf(laid.layout.policy) };
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
    const script = this.#scripts.settle(held?.shape ?? NOTHING_HELD.shape);
    const run = (text: string) =>
      this.#redis.run(script, names, [
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
    const laid = layOut(limits);
    const { layout } = laid;
    const names = [...layout.subjectKeys, ...layout.leaseKeys];
    const counts = [String(layout.subjectKeys.length), String(layout.leaseKeys.length)];
    const reply = await this.#redis.run(PEEK, names, [this.#time(), ...counts, layout.policy]);
    const [, time = "", numbers = ""] = reply.split(",");
    const now = Number(time);
    const checks = limits.map((limit) => ({ ...limit, cost: 1 }));
    return { now, states: readStates(checks, numbers, laid, now) };
  }

  async publish(version: number, tenantIds: readonly string[], whenNew?: WhenNew): Promise<void> {
    for (const ids of chunksOf(tenantIds)) {
      let unknown = await this.#publish(version, ids, whenNew === undefined ? "plain" : "ask");
      for (let attempt = 0; unknown.length > 0 && attempt < RESTORES_MAX; attempt++) {
        const newest = (await whenNew?.(unknown)) ?? 0;
        unknown = await this.#publish(Math.max(version, newest), unknown, "sure");
      }
      if (unknown.length > 0) throw new StoreUnavailable("the store is emptied faster than it can be filled again");
    }
  }

  /** Tenants of which the store knows no version, and still does not. */
  async #publish(version: number, ids: readonly string[], mode: "ask" | "sure" | "plain"): Promise<string[]> {
    const keys = ids.map(tenantKeys);
    const names = [...keys.map(({ flags }) => flags), ...keys.map(({ mark }) => mark(this.#own))];
    const reply = await this.#redis.run(PUBLISH, names, [String(version), mode]);
    return indexesOf(reply.slice(1)).flatMap((index) => ids[index] ?? []);
  }

  async raise(counts: readonly KnownCount[], how?: "set"): Promise<void> {
    for (const { limit, used, usedBefore } of counts) {
      const { layout } = layOut([limit]);
      const numbers = [String(used), String(limit.rule.algorithm === "sliding_window" ? usedBefore : 0)];
      await this.#redis.run(RAISE, layout.subjectKeys, [this.#time(), layout.policy, ...numbers, how ?? ""]);
    }
  }

  async running(tenantId: string): Promise<readonly RunningCall[]> {
    const keys = tenantKeys(tenantId);
    const listed = await this.#redis.run(RUNNING, [keys.open], [String(RUNNING_MAX)]);
    const ids = listed.slice(1).split(",").filter(Boolean);
    if (ids.length === 0) return [];
    const reply = await this.#redis.run(RESERVATIONS, ids.map(keys.reservation), []);
    return piecesOf(Buffer.from(reply).subarray(1)).map((text) => {
      const { held, intent } = readReservation(text);
      return { intent, planIndex: held.plan ?? 0 };
    });
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
        const planIndex = taken.held.plan ?? 0;
        orphans.push({ requestId, tenantId, intent: taken.intent, planIndex, note: taken.note });
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
const RESTORES_MAX = 5;
const RUNNING_MAX = 500;

/** The texts of a reply that gives each one's length in bytes first; empty ones are left out. */
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

/** Indexes as the scripts write them, counted from 1. */
function indexesOf(text: string): number[] {
  return text.split(",").flatMap((index) => (index === "" ? [] : Number(index) - 1));
}

function brakeText(brake: AdmitRequest["brake"]): string {
  if (brake === null) return "";
  return brake.expiresAtMs === null ? "-1" : String(brake.expiresAtMs);
}

function chunksOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / KEYS_AT_ONCE) }, (_, index) =>
    ids.slice(index * KEYS_AT_ONCE, (index + 1) * KEYS_AT_ONCE),
  );
}
