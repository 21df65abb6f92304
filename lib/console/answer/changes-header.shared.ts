/**
 * Delta encoding (RFC 3229): a reader that sends this name as `a-im`, with the tag of the answer that it has, may get 226
 * with the changes since that answer.
 */
export const CHANGES = "spillway-changes";
