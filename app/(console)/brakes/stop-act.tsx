"use client";

import { Button } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { BrakeDraft } from "../brake-dialog";

// Loaded later: only a click needs it.
const BrakeDialog = dynamic(() => import("../brake-dialog").then((part) => part.BrakeDialog), { ssr: false });

/** Opens the brake's dialog for what a row is about. It stops nothing by itself. */
export function StopAct({ of, draft, label = "Stop…" }: { of: string; draft: BrakeDraft; label?: string }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconHandStop size={14} aria-hidden />}
        onClick={() => setIsOpen(true)}
        aria-label={`Stop ${of}`}
      >
        {label}
      </Button>
      {isOpen && <BrakeDialog draft={draft} onClose={() => setIsOpen(false)} />}
    </>
  );
}
