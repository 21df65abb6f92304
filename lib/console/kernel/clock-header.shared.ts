/** The moment of an answer's figures, in the form that the body has it in. */
export const CLOCK_HEADER = "x-spillway-as-of";
