/** Loads the code of the charts with the page's own, instead of after the page's first figures. */
export function chartsAhead(): void {
  // A chart that cannot be loaded says so where it is drawn.
  if (typeof window !== "undefined") import("./charts").catch(() => undefined);
}
