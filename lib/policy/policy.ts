import type { Dimension } from "@/lib/limits/rules/dimensions";
import type { Layer } from "@/lib/limits/rules/layers";
import type { Rule } from "@/lib/limits/rules/rule";
import type { CalendarPeriod } from "./calendar-period";
import type { LimitRow } from "./rows/limit-row";

/** The origin of an effective limit, for display. */
export type Origin =
  | { readonly from: "everyone" }
  | { readonly from: "tier"; readonly tier: string }
  | { readonly from: "override"; readonly pattern: string; readonly reason: string }
  | { readonly from: "key" }
  | { readonly from: "budget"; readonly budget: string };

export type CompiledLimit = {
  readonly limitId: string;
  readonly name: string;
  readonly layer: Layer;
  readonly dimension: Dimension;
  readonly slotId: string;
  /** Without bounds: those depend on the moment of the call. */
  readonly rule: Rule;
  readonly calendar: { readonly period: CalendarPeriod; readonly zone: string } | null;
  readonly match: LimitRow["match"];
  readonly onExceed: LimitRow["onExceed"];
  readonly failureMode: LimitRow["failureMode"];
  readonly observe: boolean;
  readonly origin: Origin;
  /** The one subject of its layer that it is for; null = each one has it. */
  readonly onlySubject: string | null;
  /** Set for budgets: units from which on calls begin with the ladder's cheaper models; null = never. */
  readonly degradeFrom: number | null;
  /** The same for calls that run one at a time. */
  readonly queueFrom: number | null;
};

/** The compiled, immutable limits of one key of one tenant. */
export type Policy = {
  readonly version: number;
  /** In layer order, outermost first. */
  readonly limits: readonly CompiledLimit[];
  /** Epoch ms at which an override expires and this policy with it; null = holds until the next version. */
  readonly validUntilMs: number | null;
};
