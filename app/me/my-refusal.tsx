import type { RefusalAnswer } from "@/lib/gateway/routes/serve-refusal";
import { count } from "../_ui/figures/format";
import { MetLimitList, shorterWords } from "../_ui/limits/met-limit-list";
import { RefusalCard } from "../_ui/limits/refusal-card";

/** One of a key's stored refusals. `isTold`: its pasted error already explains it. */
export function MyRefusal({ refusal, isTold }: { refusal: RefusalAnswer; isTold: boolean }) {
  const { code, message, limit_name: limitName, layer, dimension, reset_at: resetAt, limits, asked } = refusal;
  const binding = limits.find((one) => one.name === limitName && one.layer === layer);
  const numbers = { limit: binding?.limit ?? null, used: binding?.used ?? null, asked: binding?.asked ?? null };
  const told = { code, message, limitName, layer, dimension, resetAt, ...numbers };
  return (
    <>
      {!isTold && <RefusalCard refusal={{ ...told, retryAfterSeconds: refusal.retry_after_seconds }} />}
      <MetLimitList
        title="All limits at the time of the call"
        note={`${asked.model} · ${count(asked.input_tokens)} + ${count(asked.output_tokens)} tokens asked for.${shorterWords(
          refusal.largest_output_tokens,
          asked.output_tokens,
        )}`}
        met={limits.map(({ retry_after_seconds: wait, ...one }) => ({
          ...one,
          waitMs: wait === null ? null : wait * 1000,
        }))}
      />
    </>
  );
}
