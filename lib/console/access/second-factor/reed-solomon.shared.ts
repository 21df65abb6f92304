const PRIMITIVE = 0x11d;
const FIELD = 256;

/** Error bytes for a block of data: the remainder by the generator of that degree over GF(256), as QR codes have it. */
export function errorBytes(data: readonly number[], degree: number): number[] {
  const divisor = generatorOf(degree);
  const rest: number[] = Array.from({ length: degree }, () => 0);
  for (const byte of data) {
    const factor = byte ^ (rest.shift() ?? 0);
    rest.push(0);
    divisor.forEach((coefficient, at) => {
      rest[at] = (rest[at] ?? 0) ^ product(coefficient, factor);
    });
  }
  return rest;
}

/** Coefficients of (x - 2^0)(x - 2^1)…, the highest first and without the leading 1. */
function generatorOf(degree: number): number[] {
  const coefficients: number[] = Array.from({ length: degree }, (_, at) => (at === degree - 1 ? 1 : 0));
  let root = 1;
  for (let factor = 0; factor < degree; factor++) {
    for (let at = 0; at < degree; at++) {
      coefficients[at] = product(coefficients[at] ?? 0, root) ^ (coefficients[at + 1] ?? 0);
    }
    root = product(root, 2);
  }
  return coefficients;
}

function product(one: number, other: number): number {
  let result = 0;
  for (let bit = 7; bit >= 0; bit--) {
    result <<= 1;
    if (result >= FIELD) result ^= PRIMITIVE;
    if (((other >> bit) & 1) === 1) result ^= one;
  }
  return result;
}
