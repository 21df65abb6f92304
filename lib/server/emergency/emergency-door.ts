import type { Clock } from "@/lib/clock";
import { brakeId, liftInput, newBrake, refuseUnknown } from "@/lib/console/brakes/brake-input";
import { type BrakeState, shownBrake } from "@/lib/console/brakes/brake-view";
import { parsed } from "@/lib/console/kernel/input";
import { problem } from "@/lib/console/kernel/problem";
import { readJsonBody } from "@/lib/console/kernel/read-body";
import { operatorTokenOf } from "@/lib/console/kernel/same-text";
import { asPublicError, PublicError } from "@/lib/errors";
import type { Log } from "@/lib/log";
import type { Brake } from "@/lib/policy/rows/brake-row";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { EMERGENCY_BRAKES_MAX, type EmergencyBrake, rowOf } from "./emergency-brake";
import type { EmergencyBrakes } from "./emergency-brakes";

/** A request for brakes with the operator token. */
export type BrakeRequest = {
  readonly method: string;
  readonly path: string;
  readonly address: string;
  /** empty = none */
  readonly body: Uint8Array;
  /** the owner of the token */
  readonly by: string;
};

export type EmergencyDoor = {
  /** The name under which a token's owner acts; null = no operator has this token. */
  operatorOf(authorization: string | undefined): string | null;
  /** Whether the usual way to set a brake is gone: no database, or no reachable console. */
  isNeeded(): Promise<boolean>;
  answer(request: BrakeRequest): Promise<Response>;
};

type Needs = {
  readonly brakes: EmergencyBrakes;
  readonly policy: Pick<CurrentPolicy, "snapshot">;
  readonly clock: Clock;
  readonly log: Log;
  readonly tokens: { readonly operatorToken: string; readonly earlierOperatorTokens: readonly string[] };
  readonly isNeeded: () => Promise<boolean>;
};

/**
 * Sets, lists and lifts brakes without the database and without the console. Requires the operator token. A brake is in
 * force here when the request is answered, at the other processes within half a second, and in the database and the audit
 * log when the database is back. A brake of the database cannot be lifted here, because its other uses cannot be checked.
 */
export function makeEmergencyDoor(needs: Needs): EmergencyDoor {
  const { tokens, isNeeded, log } = needs;
  return {
    operatorOf(authorization) {
      const token = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
      const known = token === undefined ? null : operatorTokenOf(token, tokens);
      if (known === null) return null;
      return known === "current" ? "operator-token" : "earlier-operator-token";
    },
    isNeeded,
    async answer(request) {
      try {
        const { status, body } = await answered(needs, request);
        return Response.json(body, { status, headers: { "cache-control": "no-store" } });
      } catch (thrown) {
        const known = asPublicError(thrown);
        if (known === null) log.error({ err: thrown }, "could not set an emergency brake");
        return problem(known ?? new PublicError("internal", "An internal error occurred. It has been logged."));
      }
    },
  };
}

type Answer = { readonly status: number; readonly body: unknown };

async function answered(needs: Needs, request: BrakeRequest): Promise<Answer> {
  const { method, path } = request;
  const id = /^\/api\/admin\/brakes\/([^/]+)$/.exec(path)?.[1];
  if (id === undefined && (method === "GET" || method === "HEAD")) return listed(needs);
  if (id === undefined && method === "POST") return set(needs, request);
  if (id !== undefined && method === "DELETE") return lifted(needs, request, id);
  throw new PublicError(
    "method_not_allowed",
    "Without the database brakes are set, listed and lifted, and that is all.",
  );
}

async function set({ brakes, policy, clock }: Needs, { body, by, address }: BrakeRequest): Promise<Answer> {
  const input = parsed(newBrake, await jsonOf(body));
  refuseUnknown(policy.snapshot, input.scope);
  if (brakes.held.length >= EMERGENCY_BRAKES_MAX)
    throw new PublicError("conflict", `There are ${EMERGENCY_BRAKES_MAX} brakes already that the database lacks.`);
  const now = clock.now();
  const { expiresInSeconds } = input;
  const brake: EmergencyBrake = {
    version: 1,
    id: brakeId(),
    scope: input.scope,
    mode: input.mode,
    reason: input.reason,
    publicMessage: input.publicMessage ?? null,
    createdBy: by,
    address,
    createdAtMs: now,
    expiresAtMs: expiresInSeconds === null ? null : now + expiresInSeconds * 1000,
    lift: null,
  };
  await brakes.put(brake);
  return { status: 201, body: shown(brake, now) };
}

async function lifted(needs: Needs, { body, by, address }: BrakeRequest, id: string): Promise<Answer> {
  const { brakes, clock } = needs;
  const { reason = null, rampSeconds } = parsed(liftInput, body.byteLength === 0 ? {} : await jsonOf(body));
  await brakes.look();
  const brake = brakes.held.find((one) => one.id === id);
  if (brake === undefined && needs.policy.snapshot.brakes.some((one) => one.id === id))
    throw new PublicError(
      "starting",
      "The database or the console is away, and this brake can be lifted only with it.",
      {
        retryAfterSeconds: 5,
      },
    );
  if (brake === undefined || brake.lift !== null)
    throw new PublicError("not_found", "This brake does not exist or was already lifted.");
  const now = clock.now();
  const untilMs = rampSeconds === undefined ? null : now + rampSeconds * 1000;
  const done = { ...brake, lift: { by, address, atMs: now, reason, untilMs } };
  await brakes.put(done);
  return { status: 200, body: shown(done, now) };
}

function listed({ brakes, policy, clock }: Needs): Answer {
  const now = clock.now();
  const own = brakes.held.map((brake) => shown(brake, now));
  const ids = new Set(own.map(({ id }) => id));
  const others = policy.snapshot.brakes
    .filter(({ id }) => !ids.has(id))
    .map((brake) => counted(storedView(brake, now)));
  const newestFirst = [...own, ...others].sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  return { status: 200, body: { brakes: newestFirst } };
}

function shown(brake: EmergencyBrake, now: number) {
  return counted(shownBrake(rowOf(brake), now));
}

/** Counts in the database the calls that it refused. */
function counted(view: BrakeState) {
  return { ...view, refused: 0, observed: 0 };
}

/** A brake of the database; this process knows only what calls see of it. */
function storedView(brake: Brake, now: number): BrakeState {
  const { id, scope, mode, reason, publicMessage, createdBy, createdAtMs, expiresAtMs, rampFromMs } = brake;
  const date = (ms: number | null) => (ms === null ? null : new Date(ms));
  const times = { createdAt: new Date(createdAtMs), expiresAt: date(expiresAtMs), rampFrom: date(rampFromMs) };
  const lift = { liftedAt: null, liftedBy: null, liftReason: null };
  return shownBrake({ id, scope, mode, reason, publicMessage, createdBy, ...times, ...lift }, now);
}

/** In the form of the admin API. */
function jsonOf(body: Uint8Array): Promise<Record<string, unknown>> {
  const headers = { "content-type": "application/json" };
  const sent = { method: "POST", headers, body: new Uint8Array(body) };
  return readJsonBody(new Request("http://localhost", sent), "/api/admin/brakes");
}
