/** Header in which our own server tells the sign-in routes the client's address; it overwrites what a client sends. */
export const ADDRESS_HEADER = "x-spillway-address";
