/** Samples above this quantile are noise of the machine, and are dropped. */
const KEPT_SHARE = 0.9;

/** Welch's t of two samples, both cropped at the same time: at the ninth decile of all samples. */
export function croppedT(left: readonly number[], right: readonly number[]): number {
  const all = [...left, ...right].sort((one, two) => one - two);
  const most = all[Math.floor(all.length * KEPT_SHARE)] ?? Number.POSITIVE_INFINITY;
  const [a, b] = [left, right].map((values) => moments(values.filter((value) => value <= most)));
  if (a === undefined || b === undefined) return 0;
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count);
}

function moments(values: readonly number[]) {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { count, mean, variance };
}
