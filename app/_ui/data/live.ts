"use client";

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { BrakeState } from "@/lib/console/brakes/brake-view";
import type { BrakeView } from "@/lib/console/brakes/brakes";
import { changed, type Json } from "@/lib/console/overview/live/change-set.shared";
import type { LiveEvent } from "@/lib/console/overview/live/live";
import type { Overview } from "@/lib/console/overview/overview";
import { api } from "./api";

const KEY = ["overview"];
const CHANNEL = "spillway-live";
/** After this long without a frame, the figures are fetched instead. */
const SILENT_MS = 3000;
const REOPEN_MS = 1000;

/** The current figures, shared by all parts of a page. */
export function useLive() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => api<Overview>("overview"),
    // The stream delivers them; this fetches only when it has been silent.
    refetchInterval: (query) => (Date.now() - query.state.dataUpdatedAt > SILENT_MS ? REOPEN_MS : SILENT_MS),
    retry: true,
  });
}

/**
 * Brings the live figures into this page. One tab of a browser holds the stream and shares it with the others, because
 * a browser opens only a few connections to one host. When it closes, another takes over. Call it once, in the frame. The
 * figures are of all tenants: for operators of some it is off, and nothing asks for them.
 */
export function useLiveStream(isOn: boolean): void {
  const queries = useQueryClient();
  if (!isOn) queries.setQueryDefaults(KEY, { enabled: false });
  useEffect(() => {
    if (!isOn) return;
    const ended = new AbortController();
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = (event: MessageEvent<Overview>) => queries.setQueryData(KEY, event.data);
    const lead = () => holdStream(queries, channel, ended.signal);
    if ("locks" in navigator) {
      navigator.locks.request(CHANNEL, { signal: ended.signal }, lead).catch(() => undefined);
    } else void lead();
    return () => {
      ended.abort();
      channel.close();
    };
  }, [queries, isOn]);
}

/** Whether the operator sees all tenants. Others get no live figures: `useLiveStream` is off for them. */
export function useIsOfAll(): boolean {
  return useQueryClient().getQueryDefaults(KEY).enabled !== false;
}

/** The brakes in force: as the stream has them; for operators of some tenants theirs, asked for now and then. */
export function useBrakesOn(): readonly BrakeState[] {
  const live = useLive().data;
  const isOff = !useIsOfAll();
  const { data } = useQuery({
    queryKey: ["brakes"],
    queryFn: () => api<{ brakes: BrakeView[] }>("brakes"),
    refetchInterval: SILENT_MS,
    enabled: isOff,
  });
  return live?.brakes ?? data?.brakes.filter(({ active }) => active) ?? [];
}

/** Resolves when this tab releases the stream. */
async function holdStream(queries: QueryClient, channel: BroadcastChannel, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await new Promise<void>((resolve) => {
      const stream = new EventSource("/api/admin/live");
      let heard: Json = null;
      const close = () => {
        stream.close();
        resolve();
      };
      stream.onmessage = (event: MessageEvent<string>) => {
        const news: LiveEvent = JSON.parse(event.data);
        heard = "figures" in news ? news.figures : changed(heard, news.changes);
        const figures: Overview = JSON.parse(JSON.stringify(heard));
        queries.setQueryData(KEY, figures);
        channel.postMessage(figures);
      };
      stream.onerror = close;
      signal.addEventListener("abort", close, { once: true });
    });
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
  }
}
