/** Counts events of this second and of the one before. Times in ms of any clock that only goes forward. */
export class SecondCount {
  #second = 0;
  #count = 0;
  #before = 0;

  add(now: number): void {
    this.#turn(now);
    this.#count += 1;
  }

  /** The larger of the two counts: a rate per second that does not start at zero with each second. */
  most(now: number): number {
    this.#turn(now);
    return Math.max(this.#count, this.#before);
  }

  #turn(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.#second) return;
    this.#before = second === this.#second + 1 ? this.#count : 0;
    this.#count = 0;
    this.#second = second;
  }
}
