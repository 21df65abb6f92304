"use client";

import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { TERMS, type TermName } from "./term-words";

/** A word of the glossary with its meaning on hover, focus and touch. Once per page: at its first use. */
export function Term({ of, children = of }: { of: TermName; children?: ReactNode }) {
  return (
    <Tooltip label={TERMS[of]} multiline maw={300} events={{ hover: true, focus: true, touch: true }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard reaches the meaning too. */}
      <span className="term" tabIndex={0}>
        {children}
      </span>
    </Tooltip>
  );
}
