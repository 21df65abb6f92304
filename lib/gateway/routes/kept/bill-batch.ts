import type { KeptObject } from "@/db/queries/books/kept";
import type { BatchWeight } from "@/db/schema/kept";
import { plainPrice } from "@/lib/ledger/journal-line";
import { type Cost, costOf } from "@/lib/money/cost";
import { isTierPriced, type Price } from "@/lib/money/price";
import type { Usage } from "@/lib/money/usage";
import { NO_USAGE } from "@/lib/money/usage";
import { type Model, targetOf } from "@/lib/providers/catalog";
import { type Forwarded, isAnswered, textOf } from "@/lib/providers/forward";
import { newRequestId } from "@/lib/request-id";
import { Stopper } from "@/lib/stopper";
import {
  added,
  anthropicBatch,
  type BatchState,
  linesOf,
  openaiBatch,
  usageOfLine,
} from "@/lib/wire/batches/batch-end";
import { parseObject } from "@/lib/wire/json/object";
import type { Gateway } from "../../gateway";
import { type Bill, billFor, mostUsed } from "../../running/bill";
import { settleRow } from "../../running/reaper";
import { inTurns } from "../../upstream/paced";

/** The members of the gateway that this needs. */
type Tools = Pick<Gateway, "forward" | "simulatorUrl" | "credentialOf" | "prove" | "clock" | "log"> & {
  readonly kept: Pick<Gateway["kept"], "due" | "submittedRow" | "billed">;
  readonly books: Pick<Gateway["books"], "drain" | "close">;
  readonly admission: Pick<Gateway["admission"], "settle">;
  readonly policy: { readonly snapshot: Pick<Gateway["policy"]["snapshot"], "models"> };
};

const LOOKED_AT_ONCE = 10;
/** one answer with the longest output of any model */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
const HEADERS_MS = 30_000;
const READ_MS = 4 * 60_000;

/**
 * Polls batches and bills those that have ended. An unreadable batch does not block others and is polled again later.
 */
export async function billBatches(tools: Tools): Promise<void> {
  for (const batch of await tools.kept.due(tools.clock.now(), LOOKED_AT_ONCE)) {
    await lookAt(tools, batch).catch((error: unknown) => {
      tools.log.warn({ err: error, batch: batch.id }, "could not read the result of a batch; retrying");
    });
  }
}

/** Asks the provider for the state of a batch, and bills it if it has ended. */
export async function lookAt(tools: Tools, batch: KeptObject): Promise<void> {
  const { model, path } = placeOf(tools, batch);
  if (model === null) return;
  const answer = await ask(tools, model, path);
  const told = parseObject(await textOf(answer));
  if (isAnswered(answer.status) && told !== null) await billIfEnded(tools, batch, told);
}

/** Bills a batch from its provider's description. Repeated calls bill it only once. */
export async function billIfEnded(
  tools: Tools,
  batch: KeptObject,
  told: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (batch.pollAt === null || batch.requestId === null) return;
  const state = batch.dialect === "openai" ? openaiBatch(told) : anthropicBatch(told);
  if (state.kind === "runs") return;
  await tools.books.drain();
  const row = await tools.kept.submittedRow(batch.requestId);
  if (row !== null) {
    const model = tools.policy.snapshot.models.get(row.servedModel) ?? null;
    const { usage, source } = believed(await usedBy(tools, model, state), { model, weight: batch.weight });
    const price = model?.price ?? plainPrice(row);
    const cost = batchCost(usage, price, batch.weight);
    const now = new Date(tools.clock.now());
    const billed = {
      ...row,
      inputTokens: usage.inputTokens,
      cachedInputTokens: usage.cachedInputTokens,
      outputTokens: usage.outputTokens,
      usageSource: source,
      costMicroUsd: cost.microUsd,
      costLines: cost.lines,
      ending: "complete",
      totalMs: Math.min(INTEGER_MAX, now.getTime() - row.admittedAt.getTime()),
      endedAt: now,
    };
    tools.books.close(billed);
    await settleRow(tools.admission, billed);
    await tools.books.drain();
  }
  await tools.kept.billed(batch);
}

const INTEGER_MAX = 2_147_483_647;

/** What a provider says of a batch, up to what its calls can have used: as with a call, its word alone costs nobody more. */
function believed(told: Usage, batch: { model: Model | null; weight: BatchWeight | null }): Bill {
  const { model, weight } = batch;
  if (model === null || weight === null) return { usage: told, source: "provider" };
  const { requests } = weight;
  const { contextTokens, maxOutputTokens: modelOutputTokens } = model;
  const most = mostUsed({
    contextTokens,
    modelOutputTokens,
    choices: requests,
    tools: [],
    estimatedInputTokens: weight.inputTokens,
    outputTokensEach: Math.ceil(weight.outputTokens / requests),
  });
  // Which tools its calls may use is not kept: as many uses as that of so many calls.
  const uses = Object.fromEntries(Object.keys(told.uses ?? {}).map((fee) => [fee, USES_OF_CALL * requests]));
  const reading = { reported: told, countedOutputTokens: 0, isCountedByText: true as const, hasContent: true };
  return billFor({ ending: "complete", reading, hasBegun: true, likelyInputTokens: 0, most: { ...most, uses } });
}

const USES_OF_CALL = 100;

/** At batch rates, if the model has them. The longest call decides whether long-input rates apply. */
export function batchCost(usage: Usage, price: Price, weight: BatchWeight | null): Cost {
  const longestTurnTokens = weight?.longestInputTokens ?? 0;
  const serviceTier = isTierPriced(price, BATCH_TIER) ? BATCH_TIER : undefined;
  const priced = { ...usage, longestTurnTokens };
  return costOf(serviceTier === undefined ? priced : { ...priced, serviceTier }, price);
}

/** The service tier with the batch rates. */
export const BATCH_TIER = "batch";

async function usedBy(tools: Tools, model: Model | null, state: Exclude<BatchState, { kind: "runs" }>): Promise<Usage> {
  if (state.kind === "used") return state.usage;
  if (model === null) throw new Error("the model of a batch is no longer in the catalogue");
  let sum: Usage = NO_USAGE;
  for (const path of state.paths) {
    const answer = await ask(tools, model, path);
    if (!isAnswered(answer.status)) {
      answer.body.destroy();
      throw new Error(`the results of a batch were answered with ${answer.status}`);
    }
    for await (const line of linesOf(inTurns(answer.body), LINE_BYTES_MAX))
      sum = added(sum, usageOfLine(line) ?? NO_USAGE);
  }
  return sum;
}

function placeOf({ policy }: Tools, { id, dialect, model: slug, providerId }: KeptObject) {
  const found = policy.snapshot.models.get(slug);
  // A model that has moved is at another provider, which does not know the batch.
  const model = found !== undefined && found.provider.id === providerId ? found : null;
  const name = encodeURIComponent(id);
  return { model, path: dialect === "openai" ? `/batches/${name}` : `/messages/batches/${name}` };
}

/** Reads a stored object from a provider on our own behalf. It is not a tenant's call, and it is free. */
async function ask(tools: Tools, { provider }: Model, path: string): Promise<Forwarded> {
  const target = targetOf(provider, tools.simulatorUrl, tools.credentialOf);
  if (target === null) throw new Error("the simulator does not run in this process");
  const body = new Uint8Array();
  const prove = tools.prove(provider, tools.credentialOf(provider));
  const proof = prove === null ? {} : await prove({ method: "GET", url: new URL(`${target.baseUrl}${path}`), body });
  const signal = new Stopper<Error>();
  const timer = setTimeout(() => signal.abort(new Error("the provider took too long")), READ_MS);
  timer.unref();
  return tools.forward({
    target: { ...target, headers: { ...target.headers, ...proof } },
    path,
    method: "GET",
    body,
    accept: "*/*",
    requestId: newRequestId(tools.clock.now()),
    headersMs: HEADERS_MS,
    signal,
    onSent: () => undefined,
  });
}
