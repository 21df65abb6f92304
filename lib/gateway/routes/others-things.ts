import { PublicError } from "@/lib/errors";
import type { Call } from "@/lib/wire/call";
import { member, textOf } from "@/lib/wire/json/object";
import { type StoredThing, storedThingsIn } from "@/lib/wire/open/stored-things";
import { within } from "@/lib/within";
import { addToEstimate } from "../attempt/estimate";
import type { Principal } from "../caller/principal";
import type { Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";
import { MADE_BY } from "../kept/kept-objects";

type Tools = Pick<Gateway, "books" | "kept">;

/**
 * Stored objects that a call names: those without an owner yet, and the number of tokens that they add to the input.
 */
export type Named = { readonly unowned: readonly StoredThing[]; readonly tokens: number };

const NOTHING: Named = { unowned: [], tokens: 0 };

/**
 * Refuses a call that names another tenant's stored object: a response or an item of one, a conversation, container or
 * file. An unknown id
 * passes, and the provider decides; the same holds while the database is away. Ids cannot be guessed. What the call
 * names is weighed, because the provider bills all of it as input again, and a few words could cost a whole context.
 */
export async function refuseOthersThings(tools: Tools, principal: Principal, call: Call): Promise<Named> {
  const things = storedThingsIn(call.body, call.source);
  if (things.length === 0) return NOTHING;
  const named = await refuseOthers(tools, principal, things);
  if (named.tokens > 0) addToEstimate(call, named.tokens);
  return named;
}

/** The same for objects that were found before. `timesOf`: by how many calls of a batch a thing is named. */
export async function refuseOthers(
  { books, kept }: Tools,
  { tenant }: Principal,
  things: readonly StoredThing[],
  timesOf: (id: string) => number = () => 1,
): Promise<Named> {
  const others = things.filter(({ kind }) => !isAnswer(kind));
  const weights: Weight[] = [];
  // A response that has just ended may not be booked yet, and agents continue immediately.
  const booked = once(() => books.drain());
  const ownerOf = async (id: string) =>
    (await books.ownerOfAnswer(id)) ?? (await booked().then(() => books.ownerOfAnswer(id)));
  for (const thing of things) {
    if (!isAnswer(thing.kind)) continue;
    const owner = await within(OWNER_MS, ownerOf(thing.id)).catch(() => null);
    if (owner !== null && owner.tenantId !== tenant.id) throw notYours(thing);
    weights.push({ tokens: owner?.tokens ?? null, times: timesOf(thing.id) });
  }
  if (others.length === 0) return { unowned: [], tokens: sumOf(weights) };
  const ids = others.map(({ id }) => id);
  const known = await within(OWNER_MS, kept.ownersOf(tenant.id, ids)).catch(() => null);
  const other = others.find(({ id }) => known?.others.has(id) === true);
  if (other !== undefined) throw notYours(other);
  const unowned = known === null ? [] : others.filter(({ id, kind }) => isUsed(kind) && !known.own.has(id));
  weights.push(...(await weightsOf(books, { things: others, own: known?.own ?? new Map(), timesOf })));
  return { unowned, tokens: sumOf(weights) };
}

/** Input tokens of a named thing in each of some calls; null = nothing is known of it. */
type Weight = { readonly tokens: number | null; readonly times: number };

type Weighed = {
  readonly things: readonly StoredThing[];
  readonly own: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly timesOf: (id: string) => number;
};

/**
 * Tokens of what a call names. An item or a sound: the output of the call that made it, each call once. A conversation:
 * all of its last call. A file: by its size. What nothing is known of counts as some pages.
 */
async function weightsOf(books: Tools["books"], { things, own, timesOf }: Weighed): Promise<readonly Weight[]> {
  const counted = things.filter(({ kind }) => kind === "item" || kind === "sound" || kind === "conversation");
  const makers = new Map(counted.map(({ id }) => [id, textOf(member(own.get(id), MADE_BY))]));
  const ids = [...new Set(makers.values())].filter((id) => id !== "").slice(0, MAKERS_MAX);
  const read = () => within(OWNER_MS, books.tokensOf(ids)).catch(() => null);
  let booked = ids.length === 0 ? null : await read();
  // A call that has just ended may not be booked yet.
  if (booked !== null && booked.size < ids.length) {
    await within(OWNER_MS, books.drain()).catch(() => undefined);
    booked = await read();
  }
  const weights = new Map<string, Weight>();
  for (const { id, kind } of counted) {
    const maker = makers.get(id) ?? "";
    const found = booked?.get(maker);
    const isWhole = kind === "conversation";
    const name = found === undefined ? id : `${maker} ${isWhole}`;
    const times = Math.max(weights.get(name)?.times ?? 0, timesOf(id));
    weights.set(name, { tokens: found === undefined ? null : found.output + (isWhole ? found.input : 0), times });
  }
  const files = things.filter(({ kind, param }) => kind === "file" && param === "file_id");
  return [...weights.values(), ...files.map(({ id }) => ({ tokens: fileTokens(own.get(id)), times: timesOf(id) }))];
}

/** Of a stored document beyond what is counted for any; pictures count alike. As OpenAI and Anthropic describe a file. */
function fileTokens(file: unknown): number {
  const bytes = member(file, "bytes") ?? member(file, "size_bytes");
  const isPicture = /\.(?:png|jpe?g|gif|webp)$/i.test(textOf(member(file, "filename")));
  return typeof bytes !== "number" || isPicture ? 0 : Math.min(Math.ceil(bytes / BYTES_PER_TOKEN), FILE_TOKENS_MAX);
}

/** One query asks for them. */
const MAKERS_MAX = 1000;
/** A page of a PDF has some 3,000 tokens in 36 KB. */
const BYTES_PER_TOKEN = 12;
/** A document that fits into no context would be refused by its provider. */
const FILE_TOKENS_MAX = 200_000;
/** A message of some pages. All unknown things of a call together count as a long context at most. */
const UNKNOWN_TOKENS = 8000;
const UNKNOWN_MOST = 16;

function sumOf(weights: readonly Weight[]): number {
  let unknown = 0;
  let sum = 0;
  for (const { tokens, times } of weights) {
    if (tokens === null) unknown += 1;
    if (tokens !== null || unknown <= UNKNOWN_MOST) sum += (tokens ?? UNKNOWN_TOKENS) * times;
  }
  return sum;
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
