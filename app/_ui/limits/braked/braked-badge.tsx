"use client";

import { Badge } from "@mantine/core";
import Link from "next/link";
import type { BrakeState } from "@/lib/console/brakes/brake-view";
import { scopeWords } from "@/lib/console/brakes/scope-words.shared";
import { useLive } from "../../data/live";
import { brakesOnNamed } from "./brakes-on-named";

/** Shows beside a name that a brake stops its calls; nothing while none does. `of`: what it is, with what it belongs to. */
export function BrakedBadge({ kind, of }: { kind: keyof BrakeState["scope"]; of: BrakeState["scope"] }) {
  const { whole, part } = brakesOnNamed(useLive().data?.brakes ?? [], kind, of);
  if (whole.length === 0 && part.length === 0) return null;
  return (
    <Badge
      component={Link}
      href="/brakes"
      size="sm"
      ml={6}
      color={whole.length > 0 ? "red.9" : "orange.9"}
      tt="none"
      miw="max-content"
      style={{ cursor: "pointer" }}
      title={[...whole, ...part].map(({ scope, names, reason }) => `${scopeWords(scope, names)}: ${reason}`).join("\n")}
    >
      {whole.length > 0 ? "stopped" : "partly stopped"}
    </Badge>
  );
}
