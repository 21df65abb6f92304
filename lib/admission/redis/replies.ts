import { StoreUnavailable } from "@/lib/errors";
import { type CheckState, stateFrom } from "@/lib/limits/decide";
import type { Check, Plan } from "@/lib/limits/plan";
import type { AdmitReply, AdmitRequest } from "../admission";
import type { Laid } from "./layout";

/** The admission script's reply in the words of the port. Throws when it is none of the script's. */
export function readAdmission(reply: string, request: AdmitRequest, laid: Laid): AdmitReply {
  const [kind, time = "", ...rest] = reply.split(",");
  const now = Number(time);
  switch (kind) {
    case "A": {
      const planIndex = Number(rest[0]) - 1;
      return { kind: "admit", now, planIndex, states: statesOf(request.plans[planIndex], rest[1] ?? "", laid, now) };
    }
    case "D": {
      const [plan, wait, told, numbers = ""] = rest;
      const planIndex = Number(plan) - 1;
      const states = statesOf(request.plans[planIndex], numbers, laid, now);
      return { kind: "deny", planIndex, states, now, retryAfterMs: Number(wait), toldMs: Number(told) };
    }
    case "K":
      return { kind: "braked", now, brakeId: request.brake?.id ?? "" };
    case "S":
      return { kind: "finished", now };
    case "F":
    case "V":
      return { kind: "stale" };
    default:
      throw new StoreUnavailable("the store gave an answer that is none of the script's");
  }
}

function statesOf(plan: Plan | undefined, numbers: string, { positions }: Laid, now: number): CheckState[] {
  if (plan === undefined) throw new StoreUnavailable("the store names a plan that was not offered");
  const { levels, waits } = readNumbers(numbers);
  return plan.checks.map((check: Check) => {
    const position = positions.get(check.counter) ?? 0;
    return stateFrom(check, levels[position] ?? 0, waits[position] ?? 0, now);
  });
}

/** Levels and waits of slots, then leases, as the scripts write them. */
export function readNumbers(text: string): { levels: number[]; waits: number[] } {
  const [levels = "", waits = ""] = text.split(";");
  const list = (part: string) => (part === "" ? [] : part.split(":").map(Number));
  return { levels: list(levels), waits: list(waits) };
}
