import type { ErrorCode } from "@/lib/errors";

/** A caller's choice of the status for a used-up budget. */
export const QUOTA_STATUS_HEADER = "x-spillway-quota-status";
const PAYMENT_REQUIRED = 402;

/**
 * These clients repeat a 429 with any header, some of them without end, and never show why (AI SDK 6 and 7, with it opencode
 * 1.18 and cline 3.0; qwen-code 0.24). At 402 they stop and show the message. Codex does the reverse: it stops at
 * 429 `insufficient_quota`, and repeats a 402.
 */
const REPEATS_429 = /(?:^|\s)ai-sdk[/-]|^opencode\/|^QwenCode\//;

/** The status of a used-up budget where it is not the usual 429; null = the usual one. */
export function quotaStatus(code: ErrorCode, header: (name: string) => string | undefined): 402 | null {
  if (code !== "insufficient_quota") return null;
  const chosen = header(QUOTA_STATUS_HEADER);
  if (chosen === "402") return PAYMENT_REQUIRED;
  return chosen === undefined && REPEATS_429.test(header("user-agent") ?? "") ? PAYMENT_REQUIRED : null;
}
