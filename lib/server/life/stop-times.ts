/** All of the stop after the calls have ended; without a database that answers; with a second signal, from that on. */
export const STOP_MS = { whole: 10_000, alone: 3000, hurried: 500 };
