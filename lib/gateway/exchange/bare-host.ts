/** The verdict on a request that reached Next without our server: an answer, or the client's address. */
export type Judged =
  | { readonly kind: "refused"; readonly answer: Response }
  | { readonly kind: "passed"; readonly address: string };

/** What a host without our server in front of Next needs. */
export type BareHost = {
  judge(request: Request): Promise<Judged>;
  /** Resolves when ended calls are in the ledger. Never rejects. */
  settled(): Promise<void>;
  /** Runs the background job that the request names. */
  runJob(request: Request): Promise<Response>;
};

/** Next's `after`: the host keeps the process until the work is done. */
export type After = (work: () => Promise<void>) => void;
