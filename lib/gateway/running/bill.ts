import { amountsUsed, NOTHING_USED } from "@/lib/limits/cost";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { type Asks, type Cost, costOf } from "@/lib/money/cost";
import { own } from "@/lib/money/own";
import type { Price } from "@/lib/money/price";
import { NO_USAGE, type Usage } from "@/lib/money/usage";
import { type Reading, withSeen } from "@/lib/wire/usage";

/** How a call ended. */
export type Ending =
  | "complete"
  | "client_abort"
  | "stalled_reader"
  | "upstream_refused"
  | "upstream_error"
  | "upstream_timeout"
  | "upstream_cut"
  | "upstream_protocol_error"
  | "answer_too_large"
  | "brake_cut"
  | "drained"
  | "crashed"
  /** the provider processes it in the background: booked at its maximum usage */
  | "submitted";

export type UsageSource = "provider" | "partial" | "counted" | "clamped" | "none";

export type Bill = { readonly usage: Usage; readonly source: UsageSource };

/**
 * The cost of a bill, at the service tier that served it, otherwise the requested one. No usage costs nothing, fees
 * included.
 */
export function costOfBill(
  { usage, source }: Bill,
  asked: { price: Price; serviceTier?: string | null | undefined },
): Cost {
  if (source === "none") return { microUsd: 0, lines: [] };
  const tier = usage.serviceTier ?? asked.serviceTier;
  return costOf(tier == null ? usage : { ...usage, serviceTier: tier }, asked.price);
}

/** Upper bounds of a call's plausible usage. */
export type MostUsed = {
  readonly inputTokens: number;
  /** the output cap that was sent; an implausible report is reduced to it */
  readonly outputTokens: number;
  /** the largest plausible report; some providers exceed the cap with reasoning */
  readonly outputTokensBelieved: number;
  /** how many turns the report may add up; each turn reads the input again */
  readonly turns: number;
  /** the plausible number of uses of each requested hosted tool and piece, by its fee */
  readonly uses: Readonly<Record<string, number>>;
};

/**
 * Bounds of a plausible report: the model's maximum output, and the larger of the model's context and the estimated
 * input times the estimate's error.
 */
export function mostUsed(call: {
  estimatedInputTokens: number;
  contextTokens: number;
  outputTokensEach: number;
  modelOutputTokens: number;
  choices: number;
  tools: Asks["tools"];
  pieces?: Asks["pieces"];
}): MostUsed {
  const outputTokens = call.outputTokensEach * call.choices;
  const uses: Record<string, number> = {};
  for (const { fee, most } of [...call.tools, ...(call.pieces ?? [])])
    uses[fee] = Math.max(USES_UNASKED, USES_FACTOR * most, own(uses, fee) ?? 0);
  return {
    turns: TURNS_UNASKED + call.tools.reduce((sum, { most }) => sum + most, 0),
    uses,
    inputTokens: Math.max(call.estimatedInputTokens * ESTIMATE_FACTOR, call.contextTokens),
    outputTokens,
    outputTokensBelieved: Math.max(outputTokens, call.modelOutputTokens * call.choices),
  };
}

/** Twice the estimate's error, because unmeasured tokenizers differ. */
const ESTIMATE_FACTOR = 4;
/** Compaction and advisors take turns that were not requested. */
const TURNS_UNASKED = 10;
/**
 * Without a bound by the caller ten uses are held; a provider may take more. Sound may be packed more tightly than the
 * held seconds assume.
 */
const USES_FACTOR = 10;
/** Some providers search the web unasked, and count every page. */
const USES_UNASKED = 100;

/**
 * The charge of a call. Reported usage is charged up to the plausible maximum. Missing values, and zeros despite sent
 * or delivered text, are counted here. Without any report the own count is charged once the provider has started to
 * work, otherwise nothing. Never the whole reservation, and never a full refund of a stream that delivered something.
 */
export function billFor(input: {
  ending: Ending;
  reading: Reading | null;
  hasBegun: boolean;
  /** used when nothing was reported */
  likelyInputTokens: number;
  /** null: the report was checked before */
  most: MostUsed | null;
}): Bill {
  const { ending, reading, likelyInputTokens } = input;
  const told = reading?.reported ?? null;
  const reported = told === null ? null : asAsked(told, input.most);
  if (reading !== null && reported !== null) {
    const streamed = reading.isCountedByText === true ? 0 : reading.countedOutputTokens;
    const cut = believed(reported, streamed, input.most);
    if (cut !== null) return { usage: cut, source: "clamped" };
    const filled = withWhatIsMissing(reported, reading, likelyInputTokens);
    if (filled !== null) return { usage: filled, source: "counted" };
    // A provider that broke off may leave out what it had streamed. Text that arrived was produced.
    return { usage: reported, source: ending === "complete" && reading.isPartial !== true ? "provider" : "partial" };
  }
  if (!input.hasBegun) return { usage: NO_USAGE, source: "none" };
  const counted = {
    inputTokens: likelyInputTokens,
    cachedInputTokens: 0,
    outputTokens: reading?.countedOutputTokens ?? 0,
  };
  return { usage: withSeen(counted, reading?.seen ?? {}), source: "counted" };
}

/** Providers report runs of code without the size of their container. The largest that the call asked for is charged. */
function asAsked(reported: Usage, most: MostUsed | null): Usage {
  const { code_execution: runs, ...others } = reported.uses ?? {};
  const sizes = Object.keys(most?.uses ?? {}).filter((fee) => fee.startsWith("code_execution_"));
  const gigabytes = (fee: string) => Number.parseInt(fee.slice("code_execution_".length), 10) || 0;
  const [largest] = sizes.sort((one, other) => gigabytes(other) - gigabytes(one));
  if (runs === undefined || largest === undefined) return reported;
  return { ...reported, uses: { ...others, [largest]: runs } };
}

/** This little text may arrive without output tokens: an echo of the prompt, or a filter's refusal. */
const UNBILLED_OUTPUT = 4;

/** A report with impossible zeros replaced; null if it has none. */
function withWhatIsMissing(reported: Usage, reading: Reading, likelyInputTokens: number): Usage | null {
  const lacksInput = reported.inputTokens === 0 && likelyInputTokens > 0;
  const lacksOutput = reported.outputTokens === 0 && reading.countedOutputTokens > UNBILLED_OUTPUT;
  if (!lacksInput && !lacksOutput) return null;
  return {
    ...reported,
    ...(lacksInput ? { inputTokens: likelyInputTokens } : {}),
    ...(lacksOutput ? { outputTokens: reading.countedOutputTokens } : {}),
  };
}

/**
 * A report reduced to the plausible maximum; null if it is plausible. Streamed text was produced, even beyond the cap.
 */
function believed(reported: Usage, streamed: number, most: MostUsed | null): Usage | null {
  if (most === null) return null;
  const uses = believedUses(reported.uses, most.uses);
  const turns = Math.min(reported.turns ?? 1, most.turns);
  const inputMost = most.inputTokens * turns;
  const isOutputBelieved = reported.outputTokens <= Math.max(most.outputTokensBelieved * turns, streamed);
  if (reported.inputTokens <= inputMost && isOutputBelieved && uses === reported.uses) return null;
  const inputTokens = Math.min(reported.inputTokens, inputMost);
  const outputMost = Math.max(most.outputTokens * turns, streamed);
  return {
    ...reported,
    ...(uses === undefined ? {} : { uses }),
    inputTokens,
    cachedInputTokens: Math.min(reported.cachedInputTokens, inputTokens),
    outputTokens: isOutputBelieved ? reported.outputTokens : Math.min(reported.outputTokens, outputMost),
  };
}

/** Uses of hosted tools cut to what is plausible; the same object when they are. */
function believedUses(told: Usage["uses"], most: MostUsed["uses"]): Usage["uses"] {
  const mostOf = (fee: string) => own(most, fee) ?? USES_UNASKED;
  if (told === undefined || Object.entries(told).every(([fee, count]) => count <= mostOf(fee))) return told;
  return Object.fromEntries(Object.entries(told).map(([fee, count]) => [fee, Math.min(count, mostOf(fee))]));
}

/**
 * The amounts that a bill uses of every limit. A sent call counts its requests with any answer, as the provider counts
 * them too. Only a call that was never sent gives them back.
 */
export function amountsOfBill(input: { bill: Bill; costMicroUsd: number; wasSent: boolean; permits: number }): Amounts {
  const { bill, costMicroUsd, wasSent, permits } = input;
  const { inputTokens, outputTokens } = bill.usage;
  if (bill.source !== "none") return amountsUsed({ inputTokens, outputTokens, permits }, costMicroUsd);
  return wasSent ? { ...NO_AMOUNTS, requests: permits } : NOTHING_USED;
}
