/** From this value on a factor is clearer than a percentage. */
const MANY_TIMES = 10;

/** "12×", "+240 %", "-15 %", "about the same": a figure compared with an earlier one; a new one is marked as new. */
export function changeWords(now: number, before: number): string {
  if (before === 0) return "none before";
  if (now === 0) return "now none";
  const times = now / before;
  if (times >= MANY_TIMES) return `${Math.round(times)}×`;
  const percent = Math.round((times - 1) * 100);
  if (percent === 0) return "about the same";
  return `${percent > 0 ? "+" : ""}${percent} %`;
}
