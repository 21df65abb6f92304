"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";

/** Time limit for the second key. */
const PATIENCE_MS = 1500;

/** "g" and then a page's letter opens that page; `onHelp` is called for "?". Keys typed into fields are ignored. */
export function useChords(pages: readonly { readonly key: string; readonly href: string }[], onHelp: () => void): void {
  const router = useRouter();
  const begunAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") return onHelp();
      const isSecond = event.timeStamp - begunAt.current < PATIENCE_MS;
      begunAt.current = event.key === "g" && !isSecond ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const page = isSecond ? pages.find((one) => one.key === event.key) : undefined;
      if (page !== undefined) router.push(page.href);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [pages, onHelp, router]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
