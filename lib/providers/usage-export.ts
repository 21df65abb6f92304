import Papa from "papaparse";
import { z } from "zod";

/** One line of a provider's bill. Days in UTC; money in micro-dollars, null where the export has none. */
export type BilledLine = {
  readonly day: string;
  readonly model: string;
  readonly account: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number | null;
};

/**
 * Reads a usage or cost export of OpenAI or Anthropic: the JSON pages of their usage and cost APIs, or CSV with their column
 * names. Lines of the same day, model and account are added up. Throws an Error that names the part it cannot read.
 */
export function readUsageExport(text: string): BilledLine[] {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  const lines = /^[[{]/.test(trimmed) ? fromJson(trimmed) : fromCsv(trimmed);
  if (lines.length === 0) throw new Error("the export contains no line of usage or cost");
  return summed(lines);
}

const count = z.number().int().min(0).default(0);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");

/** OpenAI: organization/usage/completions and organization/costs. */
const openaiResult = z.object({
  object: z.enum([
    "organization.usage.completions.result",
    "organization.usage.embeddings.result",
    "organization.costs.result",
  ]),
  input_tokens: count,
  output_tokens: count,
  num_model_requests: count,
  model: text,
  line_item: text,
  project_id: text,
  amount: z.object({ value: z.coerce.number().min(0), currency: z.string() }).optional(),
});
const openaiBucket = z.object({ start_time: z.number().int(), results: z.array(openaiResult) });

/** Anthropic: organizations/usage_report/messages and organizations/cost_report. */
const anthropicResult = z.object({
  uncached_input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation: z.record(z.string(), z.number().int().min(0)).nullish(),
  output_tokens: count,
  model: text,
  workspace_id: text,
  /** cents, as text with decimals */
  amount: z.coerce.number().min(0).optional(),
  currency: z.string().optional(),
});
const anthropicBucket = z.object({ starting_at: z.iso.datetime({ offset: true }), results: z.array(anthropicResult) });

const page = z.object({ data: z.array(z.unknown()) });

function fromJson(source: string): BilledLine[] {
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch {
    throw new Error("the export is not valid JSON");
  }
  const pages = z.array(page).safeParse(Array.isArray(json) ? json : [json]);
  if (!pages.success) throw new Error("the export has no list of buckets (data)");
  return pages.data
    .flatMap(({ data }) => data)
    .flatMap((bucket, index) => {
      const openai = openaiBucket.safeParse(bucket);
      if (openai.success) return openai.data.results.map((result) => openaiLine(openai.data.start_time, result));
      const anthropic = anthropicBucket.safeParse(bucket);
      if (anthropic.success)
        return anthropic.data.results.map((result) => anthropicLine(anthropic.data.starting_at, result));
      throw new Error(`bucket ${index + 1} has neither the form of OpenAI's exports nor that of Anthropic's`);
    });
}

function openaiLine(startSeconds: number, result: z.infer<typeof openaiResult>): BilledLine {
  const { amount } = result;
  if (amount !== undefined && amount.currency.toLowerCase() !== "usd")
    throw new Error(`costs in ${amount.currency} are not supported`);
  return {
    day: dayOf(new Date(startSeconds * 1000)),
    // Line items look like "gpt-4o-2024-08-06, input".
    model: result.model || (result.line_item.split(",")[0] ?? ""),
    account: result.project_id,
    calls: result.num_model_requests,
    inputTokens: result.input_tokens,
    outputTokens: result.output_tokens,
    costMicroUsd: amount === undefined ? null : Math.round(amount.value * 1_000_000),
  };
}

function anthropicLine(startingAt: string, result: z.infer<typeof anthropicResult>): BilledLine {
  if (result.currency !== undefined && result.currency.toLowerCase() !== "usd")
    throw new Error(`costs in ${result.currency} are not supported`);
  const created = Object.values(result.cache_creation ?? {}).reduce((sum, tokens) => sum + tokens, 0);
  return {
    day: dayOf(new Date(startingAt)),
    model: result.model,
    account: result.workspace_id,
    calls: 0,
    inputTokens: result.uncached_input_tokens + result.cache_read_input_tokens + created,
    outputTokens: result.output_tokens,
    costMicroUsd: result.amount === undefined ? null : Math.round(result.amount * 10_000),
  };
}

/** The exports' names for the same thing; several columns of a kind are added up. */
const COLUMNS = {
  day: ["start_time_iso", "start_time", "starting_at", "date", "usage_date_utc", "day"],
  model: ["model", "model_version", "snapshot_id", "line_item"],
  account: ["project_id", "project_name", "workspace_id", "workspace"],
  calls: ["num_model_requests", "requests", "num_requests"],
  input: [
    "input_tokens",
    "uncached_input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "usage_input_tokens_no_cache",
    "usage_input_tokens_cache_write_5m",
    "usage_input_tokens_cache_write_1h",
    "usage_input_tokens_cache_read",
  ],
  output: ["output_tokens", "usage_output_tokens"],
  dollars: ["cost_usd", "amount_value", "cost_in_usd", "cost"],
} as const;

function fromCsv(source: string): BilledLine[] {
  const { data, meta, errors } = Papa.parse<Record<string, string>>(source, {
    header: true,
    skipEmptyLines: true,
    transformHeader: (name) => name.trim().toLowerCase(),
  });
  const fields: readonly string[] = meta.fields ?? [];
  const has = (names: readonly string[]) => names.filter((name) => fields.includes(name));
  if (has(COLUMNS.day).length === 0) throw new Error(`no column contains the day (one of ${COLUMNS.day.join(", ")})`);
  if (has(COLUMNS.input).length + has(COLUMNS.output).length + has(COLUMNS.dollars).length === 0) {
    throw new Error("no column contains tokens or cost");
  }
  const broken = errors.find((error) => error.type !== "Delimiter");
  if (broken !== undefined) throw new Error(`line ${(broken.row ?? 0) + 2}: ${broken.message}`);
  return data.map((row, index) => {
    const first = (names: readonly string[]) =>
      has(names)
        .map((name) => row[name]?.trim() ?? "")
        .find(Boolean) ?? "";
    const total = (names: readonly string[]) => has(names).reduce((sum, name) => sum + numberOf(row[name], index), 0);
    const hasMoney = has(COLUMNS.dollars).length > 0;
    return {
      day: dayOf(momentOf(first(COLUMNS.day), index)),
      model: first(COLUMNS.model).split(",")[0] ?? "",
      account: first(COLUMNS.account),
      calls: total(COLUMNS.calls),
      inputTokens: total(COLUMNS.input),
      outputTokens: total(COLUMNS.output),
      costMicroUsd: hasMoney ? Math.round(total(COLUMNS.dollars) * 1_000_000) : null,
    };
  });
}

function numberOf(cell: string | undefined, index: number): number {
  const value = Number((cell ?? "").trim().replace(/^\$/, "") || 0);
  if (!Number.isFinite(value) || value < 0) throw new Error(`line ${index + 2}: "${cell}" is not an amount`);
  return value;
}

function momentOf(cell: string, index: number): Date {
  const date = /^\d{9,11}$/.test(cell)
    ? new Date(Number(cell) * 1000)
    : new Date(/^\d{4}-\d{2}-\d{2}$/.test(cell) ? `${cell}T00:00:00Z` : cell);
  if (Number.isNaN(date.getTime())) throw new Error(`line ${index + 2}: "${cell}" is not a day`);
  return date;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function summed(lines: readonly BilledLine[]): BilledLine[] {
  const sums = new Map<string, BilledLine>();
  for (const line of lines) {
    const id = JSON.stringify([line.day, line.model, line.account]);
    const known = sums.get(id);
    sums.set(
      id,
      known === undefined
        ? line
        : {
            ...known,
            calls: known.calls + line.calls,
            inputTokens: known.inputTokens + line.inputTokens,
            outputTokens: known.outputTokens + line.outputTokens,
            costMicroUsd: plus(known.costMicroUsd, line.costMicroUsd),
          },
    );
  }
  return [...sums.values()];
}

function plus(left: number | null, right: number | null): number | null {
  return left === null && right === null ? null : (left ?? 0) + (right ?? 0);
}
