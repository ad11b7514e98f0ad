/** A call of a function that is watched. */
export interface Call {
  readonly self: object;
  readonly args: unknown[];
  /** Makes the call itself. */
  readonly go: () => unknown;
}

/** Puts a function around a method of an object, or of a module of Node before others have imported it. What is no method stays as it is. */
export function around(target: object, name: string, watch: (call: Call) => unknown): void {
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== 'function') return;
  Reflect.set(target, name, function (this: object, ...args: unknown[]): unknown {
    return watch({ self: this, args, go: (): unknown => Reflect.apply(original, this, args) });
  });
}

/** As `around`, for what only looks. */
export function before(target: object, name: string, look: (call: Call) => void): void {
  around(target, name, (call) => {
    look(call);
    return call.go();
  });
}
