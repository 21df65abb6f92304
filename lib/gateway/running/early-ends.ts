import { type ErrorCode, PublicError } from "@/lib/errors";
import type { StopSignal } from "@/lib/stopper";
import type { StreamEnd } from "@/lib/wire/stream-meter";
import type { Ending } from "./bill";
import type { Stop } from "./open-call";

const TOO_LARGE = "The provider's answer is too large.";

/** The reason when a provider takes too long. */
export function timedOut(message: string): Stop {
  return { ending: "upstream_timeout", code: "upstream_timeout", message };
}

/** The reason when the caller is gone. */
export function clientLeft(signal: StopSignal): Stop {
  const ending: Ending = signal.reason === "stalled" ? "stalled_reader" : "client_abort";
  return { ending, code: "upstream_error", message: "The caller disconnected." };
}

/** How a stream ended, in the ledger's words. */
export function endingOf(end: StreamEnd): Ending {
  switch (end) {
    case "done":
      return "complete";
    case "cut":
      return "upstream_cut";
    case "protocol_error":
      return "upstream_protocol_error";
    case "too_large":
      return "answer_too_large";
    case "upstream_error":
      return "upstream_error";
    default:
      return end satisfies never;
  }
}

/** The caller's error for an ending, if the provider sent no message. */
export function wordsFor(end: StreamEnd): { code: ErrorCode; message: string } {
  if (end === "protocol_error")
    return { code: "upstream_protocol_error", message: "The provider sent an event that is not part of an answer." };
  if (end === "too_large") return { code: "upstream_protocol_error", message: TOO_LARGE };
  if (end === "upstream_error")
    return { code: "upstream_error", message: "The provider reported an error while answering." };
  return { code: "upstream_error", message: "The provider ended its answer early." };
}

/** A retry would be too large too. */
export function tooLarge(): PublicError {
  return new PublicError("upstream_protocol_error", TOO_LARGE, { passed: { shouldRetry: false } });
}
