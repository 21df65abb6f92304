import { PublicError } from "@/lib/errors";
import type { Call } from "@/lib/wire/call";
import { type StoredThing, storedThingsIn } from "@/lib/wire/open/stored-things";
import { within } from "@/lib/within";
import { addToEstimate } from "../attempt/estimate";
import type { Principal } from "../caller/principal";
import type { Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";

type Tools = Pick<Gateway, "books" | "kept">;

/**
 * Stored objects that a call names: those without an owner yet, and the number of tokens that they add to the input.
 */
export type Named = { readonly unowned: readonly StoredThing[]; readonly tokens: number };

const NOTHING: Named = { unowned: [], tokens: 0 };

/**
 * Refuses a call that names another tenant's stored object: a response or an item of one, a conversation, container or
 * file. An unknown id
 * passes, and the provider decides; the same holds while the database is away. Ids cannot be guessed. A response that
 * the call continues is weighed, because the provider bills all of it as input again, and a few words could cost a
 * whole context.
 */
export async function refuseOthersThings(tools: Tools, principal: Principal, call: Call): Promise<Named> {
  const things = storedThingsIn(call.body, call.source);
  if (things.length === 0) return NOTHING;
  const named = await refuseOthers(tools, principal, things);
  if (named.tokens > 0) addToEstimate(call, named.tokens);
  return named;
}

/** The same for objects that were found before. */
export async function refuseOthers(
  { books, kept }: Tools,
  { tenant }: Principal,
  things: readonly StoredThing[],
): Promise<Named> {
  const others = things.filter(({ kind }) => !isAnswer(kind));
  let tokens = 0;
  // A response that has just ended may not be booked yet, and agents continue immediately.
  const booked = once(() => books.drain());
  const ownerOf = async (id: string) =>
    (await books.ownerOfAnswer(id)) ?? (await booked().then(() => books.ownerOfAnswer(id)));
  for (const thing of things) {
    if (!isAnswer(thing.kind)) continue;
    const owner = await within(OWNER_MS, ownerOf(thing.id)).catch(() => null);
    if (owner !== null && owner.tenantId !== tenant.id) throw notYours(thing);
    tokens += owner?.tokens ?? 0;
  }
  if (others.length === 0) return { unowned: [], tokens };
  const ids = others.map(({ id }) => id);
  const known = await within(OWNER_MS, kept.ownersOf(tenant.id, ids)).catch(() => null);
  const other = others.find(({ id }) => known?.others.has(id) === true);
  if (other !== undefined) throw notYours(other);
  const unowned = known === null ? [] : others.filter(({ id, kind }) => isUsed(kind) && !known.own.has(id));
  return { unowned, tokens };
}

/** Concurrent requests share the work of the first. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => (done ??= work());
}

/** A response belongs to its call, which is in the ledger. */
const isAnswer = (kind: StoredThing["kind"]) => kind === "response" || kind === "message";
/** If no call here created them, they belong to the tenant whose call used them first. */
const isUsed = (kind: StoredThing["kind"]) => kind === "conversation" || kind === "container";

/** Records the owner of objects that this call used first. The answer is sent in any case. */
export async function noteUsed(
  { kept, policy, clock, log }: Pick<Gateway, "kept" | "policy" | "clock" | "log">,
  { tenant }: Principal,
  { named, model: name, reply }: { readonly named: Named; readonly model: string; readonly reply: Reply },
): Promise<Reply> {
  const model = policy.snapshot.models.get(name);
  if (named.unowned.length === 0 || reply.status !== OK || model === undefined) return reply;
  const { provider } = model;
  const used = named.unowned.map(({ id, kind }) => {
    const place = { providerId: provider.id, dialect: provider.dialect, model: name };
    return { id, kind, tenantId: tenant.id, object: {}, weight: null, requestId: null, pollAt: null, ...place };
  });
  await kept.add(used, clock.now()).catch((error: unknown) => {
    log.warn({ err: error, tenant: tenant.slug }, "could not record the owner of a conversation or container");
  });
  return reply;
}

const OK = 200;

/** Anthropic's clients recognise a missing thread by this code, and send the whole conversation. */
function notYours({ kind, id, param }: StoredThing): PublicError {
  const message = `No ${kind} of yours has the id ${JSON.stringify(id.slice(0, 128))}.`;
  if (param !== "thread.previous_message_id") return new PublicError("invalid_value", message, { param });
  return new PublicError("thread_not_found", `${message} Send the whole conversation with a new thread.`, { param });
}

const OWNER_MS = 500;
