/** Above this the integers that doubles hold exactly come near; the store refuses larger numbers too. */
export const UNITS_MAX = 9_000_000_000_000_000;
/** 366 days. */
export const WINDOW_SECONDS_MAX = 31_622_400;

/** A limit's name: counters and overrides refer to it. */
export const LIMIT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const LIMIT_NAME_MEANT = "lower-case letters, digits and dashes, at most 63";
