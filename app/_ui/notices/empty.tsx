"use client";

import { Text } from "@mantine/core";
import { type Query, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useSyncExternalStore } from "react";

/** "No calls." is a claim: while the newest read failed, only what was empty before is known. */
export function Empty({ children }: { children: ReactNode }) {
  return <Text size="sm">{useIsOld() ? NONE_BEFORE : children}</Text>;
}

export const NONE_BEFORE = "None when last read. There may be some now.";

/**
 * Whether something on the page shows an earlier answer because the newest read failed. What was empty then may not be
 * empty now. True also when another part of the page failed: then nothing is claimed that may be wrong.
 */
export function useIsOld(): boolean {
  const cache = useQueryClient().getQueryCache();
  const subscribe = useCallback((tell: () => void) => cache.subscribe(tell), [cache]);
  return useSyncExternalStore(
    subscribe,
    () => cache.findAll({ type: "active", predicate: isOfOldData }).length > 0,
    no,
  );
}

/** One lost answer of a read that is repeated without end is not worth a word, unless it took long. */
const FAILURES_SHOWN = 2;
const LONG_MS = 10_000;

function isOfOldData({ state: { data, status, fetchFailureCount, dataUpdatedAt } }: Query): boolean {
  if (data === undefined) return false;
  const isLong = fetchFailureCount > 0 && Date.now() - dataUpdatedAt > LONG_MS;
  return status === "error" || fetchFailureCount >= FAILURES_SHOWN || isLong;
}

const no = () => false;
