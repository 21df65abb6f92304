/** What becomes of a request that no server of ours has seen before Next: an answer, or the client's address. */
export type Judged =
  | { readonly kind: "refused"; readonly answer: Response }
  | { readonly kind: "passed"; readonly address: string };

/** What a host without a server of ours in front lacks. */
export type BareHost = {
  judge(request: Request): Promise<Judged>;
  /** Resolves when what ended calls owe is in the books. Never rejects. */
  settled(): Promise<void>;
  /** Runs the background job that the request names. */
  runJob(request: Request): Promise<Response>;
};

/** Next's `after`: the host keeps the process until the work is done. */
export type After = (work: () => Promise<void>) => void;
