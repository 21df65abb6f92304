import type { Admission } from "@/lib/admission/admission";
import type { Clock } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import type { Books } from "@/lib/ledger/books";
import type { Log } from "@/lib/log";
import type { Usage } from "@/lib/money/usage";
import type { Call } from "@/lib/wire/call";
import type { MadeThing } from "@/lib/wire/open/made-things";
import type { Admitted } from "../admit/admit";
import type { TokenHistory } from "../attempt/token-history";
import { type KeptObjects, MADE_BY } from "../kept/kept-objects";
import type { WaitingLines } from "../waiting/waiting-lines";
import { type Ending, mostUsed } from "./bill";
import { giveBack } from "./give-back";
import { OpenCall, type OpenCalls } from "./open-call";

type Tools = {
  readonly admission: Admission;
  readonly books: Books;
  readonly kept: Pick<KeptObjects, "made">;
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseMs: number;
  readonly openCalls: OpenCalls;
  readonly tokenHistory: TokenHistory;
  readonly waitingLines: Pick<WaitingLines, "roomCame">;
};

/**
 * Opens an admitted call. It is in the journal before it is sent. If that fails, its reservation is given back and the
 * call is refused. `finished` is called at its end.
 */
export function beginCall(
  tools: Tools,
  { intent, candidate, begun }: Admitted,
  {
    choices,
    asks,
    finished,
  }: Pick<Call, "choices" | "asks"> & { readonly finished: (ending: Ending, costMicroUsd: number) => void },
): OpenCall {
  const { books, openCalls, tokenHistory } = tools;
  const kind = { tenantId: intent.tenantId, feature: intent.feature ?? null, model: intent.servedModel };
  const { estimatedInputTokens } = intent;
  const completed = ({ inputTokens, outputTokens }: Usage) => {
    if (candidate.outputTokensEach === 0) return;
    // An answer that hit a trimmed cap says nothing about the usual length.
    const isCut = candidate.outputTokensEach < candidate.askedOutputTokensEach;
    const each = isCut ? null : Math.ceil(outputTokens / choices);
    tokenHistory.add(kind, { estimatedInputTokens, inputTokens, outputTokens: each });
  };
  const likelyInput = () => tokenHistory.inputTokens(kind, estimatedInputTokens);
  const { admission, clock, log, leaseMs } = tools;
  const settled = () => tools.waitingLines.roomCame();
  const { outputTokensEach, model, subject } = candidate;
  const { provider } = model;
  const made = (things: readonly MadeThing[]) => {
    const at = { tenantId: intent.tenantId, providerId: provider.id, dialect: provider.dialect, model: model.slug };
    // The call by which its tokens are known.
    const bare = { object: { [MADE_BY]: intent.requestId }, weight: null, requestId: null, pollAt: null };
    tools.kept.made(
      things.map(({ id, kind }) => ({ id, kind, ...at, ...bare })),
      clock.now(),
    );
  };
  const needs = { admission, books, clock, log, leaseMs, completed, likelyInput, finished, made, settled };
  const { contextTokens, maxOutputTokens: modelOutputTokens } = model;
  const size = { estimatedInputTokens, outputTokensEach, choices, contextTokens, modelOutputTokens };
  const most = mostUsed({ ...size, tools: asks.tools, pieces: asks.pieces });
  const open = new OpenCall({ intent, brakeFacts: subject.brakeFacts, most, needs, calls: openCalls });
  try {
    books.open(intent, subject.user, begun);
  } catch (error) {
    giveBack(tools, intent);
    const message = "The call cannot be recorded at the moment. Please try again shortly.";
    throw new PublicError("limiter_unavailable", message, { cause: error, retryAfterSeconds: 2 });
  }
  openCalls.add(open);
  return open;
}
