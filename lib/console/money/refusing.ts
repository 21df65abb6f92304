import { MINUTE_MS } from "@/lib/clock";

/** A limit that has refused a call within this time refuses calls now, whatever small rest of it is left. */
export const REFUSING_MS = 5 * MINUTE_MS;
