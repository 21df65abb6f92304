import { z } from "zod";
import { PRIORITIES } from "@/lib/limits/rules/priority";

/** Which of its service tiers a provider is asked for, by priority: `{"background": "flex", "interactive": "priority"}`. */
export const serviceTiers = z.partialRecord(
  z.enum(PRIORITIES),
  z.string().regex(/^[a-z0-9_-]{1,32}$/, "a name of a service tier"),
);

/** An unreadable value requests no service tier. */
export function serviceTiersOf(stored: unknown): z.infer<typeof serviceTiers> {
  return serviceTiers.safeParse(stored).data ?? {};
}
