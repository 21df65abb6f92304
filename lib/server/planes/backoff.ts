const WAIT_MS = { least: 100, most: 10_000 };
/** A process that lived for so long was well: its end begins a new count. */
const WELL_MS = 30_000;

/** How long to wait before a process that ended is started again, from how long the last ones lived, the newest last. */
export function waitBefore(livedMs: readonly number[]): number {
  const short = livedMs.length - 1 - livedMs.findLastIndex((ms) => ms >= WELL_MS);
  return short === 0 ? WAIT_MS.least : Math.min(WAIT_MS.most, WAIT_MS.least * 2 ** (short - 1));
}
