/** From here on a factor says more than a percentage. */
const MANY_TIMES = 10;

/** "12×", "+240 %", "-15 %": a figure against an earlier one; what was not there at all says so. */
export function changeWords(now: number, before: number): string {
  if (before === 0) return "none before";
  if (now === 0) return "now none";
  const times = now / before;
  if (times >= MANY_TIMES) return `${Math.round(times)}×`;
  const percent = Math.round((times - 1) * 100);
  if (percent === 0) return times > 1 ? "+ < 1 %" : "- < 1 %";
  return `${percent > 0 ? "+" : ""}${percent} %`;
}
