/** Total time of the stop after the calls have ended; while the database is away; after a second signal. */
export const STOP_MS = { whole: 10_000, alone: 3000, hurried: 500 };
