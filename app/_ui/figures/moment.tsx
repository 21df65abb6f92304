"use client";

import { useLocalStorage } from "@mantine/hooks";
import { useSyncExternalStore } from "react";

export type Zone = "local" | "utc";

const FORMS = {
  full: { dateStyle: "medium", timeStyle: "medium" },
  short: { dateStyle: "medium", timeStyle: "short" },
  time: { timeStyle: "medium" },
  // Without its year, for tables of recent rows; the tooltip has all of it.
  second: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  minute: { hour: "2-digit", minute: "2-digit" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;
export type MomentForm = keyof typeof FORMS;

/**
 * The zone of shown times: the reader's own or UTC. One choice for all pages of this browser. The server and the
 * browser's first render use UTC, because the server does not know the reader's zone. Later parts are right at once: a
 * text that changes after painting would move the columns beside it.
 */
export function useZone(): readonly [Zone, (zone: Zone) => void] {
  const [zone, setZone] = useLocalStorage<Zone>({
    key: "spillway-zone",
    defaultValue: "local",
    getInitialValueInEffect: false,
  });
  const isInBrowser = useIsInBrowser();
  return [isInBrowser && zone !== "utc" ? "local" : "utc", setZone];
}

/** False on the server and in the browser's first render, which must be the same. */
export function useIsInBrowser(): boolean {
  return useSyncExternalStore(never, yes, no);
}

const never = () => () => undefined;
const yes = () => true;
const no = () => false;

/** Formats an ISO moment in the chosen zone; UTC times are marked. */
export function useMomentWords(): (at: string, form?: MomentForm) => string {
  const [zone] = useZone();
  return (at, form = "full") => words(at, form, zone);
}

/** A moment as text, with a tooltip in the other zone. */
export function Moment({ at, form = "full" }: { at: string; form?: MomentForm }) {
  const [zone] = useZone();
  return (
    <time dateTime={at} title={words(at, "full", zone === "utc" ? "local" : "utc")}>
      {words(at, form, zone)}
    </time>
  );
}

/** The zone of shown times, for axes and fields. */
export function zoneWords(zone: Zone): string {
  return zone === "utc" ? "in UTC" : `in your zone (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
}

function words(at: string, form: MomentForm, zone: Zone): string {
  if (zone === "local") return new Date(at).toLocaleString("en-GB", FORMS[form]);
  return `${new Date(at).toLocaleString("en-GB", { ...FORMS[form], timeZone: "UTC" })} UTC`;
}
