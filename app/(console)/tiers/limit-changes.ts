import type { TierVersion } from "@/lib/console/tiers/tier-versions";
import { amount } from "../../_ui/figures/format";
import { spanWords } from "./limit-words";

type Limit = TierVersion["limits"][number];
type Valued = Parameters<typeof spanWords>[0];

/** A limit in one line: 60 requests per minute. */
export function limitWords(limit: Omit<Valued, "id">): string {
  const observed = limit.observe ? ", observed only" : "";
  return `${amount(limit.dimension, limit.capacity)}${spanWords({ id: "", ...limit })}${observed}`;
}

export type LimitChange = Pick<TierVersion, "version" | "at" | "by" | "comment"> & {
  /** from this version on */
  readonly words: string;
};

/** The versions that changed a limit of a tier, newest first; `versions`: all of the tier, newest first. */
export function changesOf(name: string, versions: readonly TierVersion[]): LimitChange[] {
  return versions.flatMap(({ version, at, by, comment, limits }, index) => {
    const now = limits.find((one) => one.name === name);
    const before = versions[index + 1]?.limits.find((one) => one.name === name);
    if (textOf(now) === textOf(before)) return [];
    return [{ version, at, by, comment, words: wordsOf(now, before) }];
  });
}

function wordsOf(now: Limit | undefined, before: Limit | undefined): string {
  if (now === undefined) return "removed";
  const words = limitWords(now);
  return before !== undefined && limitWords(before) === words ? `${words}; other settings changed` : words;
}

/** All settings; a restored version may give a limit another id. */
function textOf(limit: Limit | undefined): string {
  return limit === undefined ? "" : JSON.stringify({ ...limit, id: "" });
}
