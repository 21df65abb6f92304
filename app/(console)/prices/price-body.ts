import { MICRO_USD } from "../../_ui/figures/format";

/** Prices in addition to input, cached input and output, with the meaning of an empty field. */
export const RATES = [
  ["cacheWriteMicroUsdPerMillion", "Cache write, 5 minutes", "empty = 1.25 × input"],
  ["cacheWriteHourMicroUsdPerMillion", "Cache write, 1 hour", "empty = 2 × input"],
  ["reasoningMicroUsdPerMillion", "Reasoning", "empty = same as output"],
  ["imageInputMicroUsdPerMillion", "Pictures sent", "empty = same as input"],
  ["audioInputMicroUsdPerMillion", "Sound sent", "empty = same as input"],
  ["audioOutputMicroUsdPerMillion", "Sound received", "empty = same as output"],
] as const;

export const SERVICE_TIERS = ["flex", "priority", "batch"] as const;

/** Priced per thousand uses. */
export const FEES = [
  ["web_search", "Web searches", "empty = $10"],
  ["file_search", "File searches", "empty = $2.50"],
  ["code_execution", "Code containers", "empty = $30"],
  ["request", "Requests", "empty = none"],
] as const;

/** The filled-in values, by the field's name: dollars, or tokens for `long.above`. */
export type Filled = Readonly<Record<string, number>>;

const PER_THOUSAND = 1000;

/** The other prices in the admin API's form, without empty ones. A pair counts only with both input and output. */
export function priceBody(filled: Filled): Record<string, unknown> {
  const micro = (name: string) => {
    const dollars = filled[name];
    return dollars === undefined ? undefined : Math.round(dollars * MICRO_USD);
  };
  const pair = (name: string) => {
    const [input, cached, output] = [micro(`${name}.input`), micro(`${name}.cached`), micro(`${name}.output`)];
    if (input === undefined || output === undefined) return null;
    const read = cached === undefined ? {} : { cachedInputMicroUsdPerMillion: cached };
    return { inputMicroUsdPerMillion: input, ...read, outputMicroUsdPerMillion: output };
  };
  const rates = RATES.flatMap(([name]) => (filled[name] === undefined ? [] : [[name, micro(name)] as const]));
  const tiers = SERVICE_TIERS.flatMap((tier) => {
    const rate = pair(tier);
    return rate === null ? [] : [[tier, rate] as const];
  });
  const fees = FEES.flatMap(([name]) => {
    const dollars = filled[name];
    return dollars === undefined ? [] : [[name, Math.round((dollars * MICRO_USD) / PER_THOUSAND)] as const];
  });
  const above = filled["long.above"];
  const long = pair("long");
  return {
    ...Object.fromEntries(rates),
    ...(above === undefined || long === null ? {} : { tiers: [{ aboveInputTokens: above, ...long }] }),
    ...(tiers.length === 0 ? {} : { serviceTiers: Object.fromEntries(tiers) }),
    ...(fees.length === 0 ? {} : { feesMicroUsd: Object.fromEntries(fees) }),
  };
}
