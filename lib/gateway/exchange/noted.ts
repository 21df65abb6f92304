/** Notes about objects. */
export type Noted<On extends object, Value> = {
  get(on: On): Value | undefined;
  set(on: On, value: Value | undefined): void;
};

/**
 * Like a WeakMap, but the value is stored in a private field of the object. For objects that every call creates: a
 * WeakMap entry costs almost a microsecond, and the collector visits it until it is gone.
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

/** The constructor returns the given object, so the fields of a subclass are added to it. */
class Given {
  constructor(on: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is the purpose of the class
    return on;
  }
}
