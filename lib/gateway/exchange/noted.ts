/** What is noted of objects, one by one. */
export type Noted<On extends object, Value> = {
  get(on: On): Value | undefined;
  set(on: On, value: Value | undefined): void;
};

/**
 * Like a WeakMap, with the value in the object itself, where nobody else can see it. For objects that every call makes: an
 * entry of a WeakMap takes close to a microsecond to make, and the collector looks at it again until it is gone.
 */
export function noted<On extends object, Value>(): Noted<On, Value> {
  return class Note extends Given {
    #value: Value | undefined;

    constructor(on: On, value: Value | undefined) {
      super(on);
      this.#value = value;
    }

    static get(on: On): Value | undefined {
      return #value in on ? on.#value : undefined;
    }

    static set(on: On, value: Value | undefined): void {
      if (#value in on) on.#value = value;
      else new Note(on, value);
    }
  };
}

/** What is constructed is the given object: the fields of a class that extends this one are put into it. */
class Given {
  constructor(on: object) {
    // biome-ignore lint/correctness/noConstructorReturn: it is what this class is for
    return on;
  }
}
