import ipaddr from "ipaddr.js";
import { record } from "../kernel/change";
import type { Actor, ConsoleContext } from "../kernel/context";

/** Audit rows that people without rights can cause, and the subject that they count against. */
type Bounded = "access.sign-in-failed" | "access.token-failed" | "access.denied" | "access.confirm-failed";

type Who = Pick<Actor, "name" | "role" | "address">;

/** The actor of a request without a session. */
const NOBODY = { name: "nobody", role: "viewer" } as const;
const TARGET_CHARS_MAX = 200;

/** Audits a sign-in. Throws if the row cannot be written, so nobody signs in without one. */
export async function recordSignIn(context: ConsoleContext, actor: Who): Promise<void> {
  await recordDone(context, actor, "access.sign-in");
}

/** A completed act of access, such as a sign-out or a password confirmation. Throws when it cannot be written. */
export async function recordDone(
  context: ConsoleContext,
  actor: Who,
  action: "access.sign-in" | "access.sign-out" | "access.confirm",
): Promise<void> {
  const what = { action, target: actor.name, before: null, after: null, reason: null };
  await record(context, actor, what);
}

/**
 * Audits a refused request. The first few of an address (or operator, if known) within ten minutes get a row each, the
 * rest are counted. Never throws, because the request is refused in any case.
 */
export async function recordRefused(
  context: ConsoleContext,
  input: { action: Bounded; actor: Who | null; address: string; target: string; reason: string },
): Promise<void> {
  const { action, actor, address } = input;
  if (!context.bounded.take(action, actor?.name ?? networkOf(address))) return;
  const target = input.target.slice(0, TARGET_CHARS_MAX);
  const what = { action, target, before: null, after: null, reason: input.reason };
  await record(context, actor ?? { ...NOBODY, address }, what).catch((error: unknown) =>
    context.log.warn({ err: error, action }, "could not write a denied act to the audit log"),
  );
}

/** One row per kind and subject with refusals beyond the individual rows. */
export async function recordMore(context: ConsoleContext, early: boolean): Promise<void> {
  for (const { what, who, more } of context.bounded.due(early)) {
    const reason = `${more} more within ten minutes`;
    const entry = { action: what, target: who, before: null, after: { more }, reason };
    await record(context, { ...NOBODY, address: "" }, entry);
  }
}

/** The typed address if it is a valid one, because people type passwords there by mistake. */
export function typedEmail(text: string): string {
  const email = text.trim().toLowerCase();
  return /^[^\s@]{1,100}@[^\s@]{1,100}$/.test(email) ? email : "not an e-mail address";
}

const IPV6_SUBSCRIBER_BITS = 64;

/** An IPv6 subscriber owns a /64 whole: it counts as one. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${IPV6_SUBSCRIBER_BITS}`).toNormalizedString();
}
