"use client";

import { useEffect, useRef, useState } from "react";

const ASK_MS = 3000;

/**
 * In place of a page that the server could not draw: what is wrong, and what still works. While the database is away it
 * asks until it is back, and then for the page again. Plain, because every page carries it.
 */
export function Away({ digest, again, isSure = false }: AwayOf) {
  const isAway = useDatabaseAway(again, isSure);
  return (
    <div className="notice" role="alert">
      <h1>{isAway ? "The database cannot be reached" : "This page could not be shown"}</h1>
      <p>
        Calls are served and limited as before.
        {isAway === true &&
          " The console shows nothing until the database is back. Brakes can be set with the operator token, as the runbook shows."}
        {isAway === false && " Brakes can be set on the overview, and with the operator token."}
      </p>
      {digest !== undefined && (
        <p>
          For the server&apos;s log: <code>{digest}</code>
        </p>
      )}
      <p>
        {isAway && "This page loads again by itself. "}
        <button type="button" onClick={again}>
          Try again
        </button>{" "}
        <a href="/">Overview</a>
      </p>
    </div>
  );
}

type AwayOf = {
  readonly digest?: string | undefined;
  readonly again: () => void;
  /** the database gave no answer to the page, whatever the server has noticed: the page is asked for again until it comes */
  readonly isSure?: boolean;
};

/** Whether the server says that it lacks its database; null = not known yet. Calls `again` once that is over. */
function useDatabaseAway(again: () => void, isSure: boolean): boolean | null {
  const [isAway, setIsAway] = useState<boolean | null>(isSure ? true : null);
  const latest = useRef({ again, wasAway: isSure });
  latest.current.again = again;
  useEffect(() => {
    const ask = async () => {
      const isNow = await lacksDatabase();
      if (isNow === null) return;
      if (latest.current.wasAway && !isNow) latest.current.again();
      latest.current.wasAway = isNow || isSure;
      setIsAway(isNow || isSure);
    };
    // A page that was only just refused is not asked for again at once.
    if (!isSure) void ask();
    const timer = window.setInterval(() => void ask(), ASK_MS);
    return () => window.clearInterval(timer);
  }, [isSure]);
  return isAway;
}

/** Null = the server gave no answer. */
async function lacksDatabase(): Promise<boolean | null> {
  try {
    return (await (await fetch("/api/readyz")).text()).includes("degraded: the database");
  } catch {
    return null;
  }
}
