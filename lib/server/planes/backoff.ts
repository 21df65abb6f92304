const WAIT_MS = { least: 100, most: 10_000 };
/** A process that lived this long was healthy. Its end starts a new count. */
const WELL_MS = 30_000;

/** Wait before an ended process is started again, from the lifetimes of the last ones, newest last. */
export function waitBefore(livedMs: readonly number[]): number {
  const short = livedMs.length - 1 - livedMs.findLastIndex((ms) => ms >= WELL_MS);
  return short === 0 ? WAIT_MS.least : Math.min(WAIT_MS.most, WAIT_MS.least * 2 ** (short - 1));
}
