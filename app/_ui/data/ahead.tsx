"use client";

import type { ReactNode } from "react";
import type { AheadAnswer } from "@/lib/console/api/ahead";
import { expectAhead } from "./api";

/** Gives a page the answers that came with it, so that it need not ask for them. */
export function Ahead({ answers, children }: { answers: readonly AheadAnswer[]; children: ReactNode }) {
  // Before the page's parts ask. The server draws them too, but asks for nothing.
  if (typeof window !== "undefined") expectAhead(answers);
  return children;
}
