"use client";

import { Skeleton } from "@mantine/core";
import { type Query, useIsFetching, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";

/** Failed reads are retried without end, so the page does not wait for them. */
const isFirst = { predicate: ({ state }: Query) => state.status === "pending" && state.fetchFailureCount === 0 };

/**
 * Shows a page of several parts once all of them have loaded or failed, because parts that arrive one by one move each
 * other while the operator reads. All parts are mounted from the start, so they load at once.
 */
export function WhenLoaded({ height, children }: { height: number; children: ReactNode }) {
  const queries = useQueryClient();
  const [isShown, setIsShown] = useState(false);
  const pending = useIsFetching(isFirst);
  useEffect(() => {
    // Parts begin to load before this runs. If all is cached, nothing waits.
    if (pending === 0 && queries.isFetching(isFirst) === 0) setIsShown(true);
  }, [pending, queries]);
  return (
    <>
      {!isShown && <Skeleton h={height} radius="md" aria-busy />}
      <div hidden={!isShown}>{children}</div>
    </>
  );
}
