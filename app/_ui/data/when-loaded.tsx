"use client";

import { Skeleton } from "@mantine/core";
import { type Query, useIsFetching, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";

/** What fails is tried again for as long as it takes: the page does not wait for that. */
const isFirst = { predicate: ({ state }: Query) => state.status === "pending" && state.fetchFailureCount === 0 };

/**
 * Shows a page of several parts once all of them have been read, or have failed: parts that come one after the other push
 * each other about while one reads. The parts are there all the time, so that they ask at once.
 */
export function WhenLoaded({ height, children }: { height: number; children: ReactNode }) {
  const queries = useQueryClient();
  const [isShown, setIsShown] = useState(false);
  const pending = useIsFetching(isFirst);
  useEffect(() => {
    // Parts begin to ask before this runs: with everything known already nothing is waited for.
    if (pending === 0 && queries.isFetching(isFirst) === 0) setIsShown(true);
  }, [pending, queries]);
  return (
    <>
      {!isShown && <Skeleton h={height} radius="md" aria-busy />}
      <div hidden={!isShown}>{children}</div>
    </>
  );
}
