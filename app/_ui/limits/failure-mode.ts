/** How a limit behaves while the shared store is away, by its failure mode. */
export const FAILURE_MODE_WORDS: Readonly<Record<string, string>> = {
  closed: "calls are refused until the store is back",
  local: "each process enforces its share",
  open: "each process enforces three times its share",
};
