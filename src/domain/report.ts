/** Where long work tells what it does. A sink never throws and never blocks the work. */
export interface Report {
  /** A new step has begun, or something worth a line happened: `install: npm ci`. */
  step(text: string): void;
  /** A line that a command printed. */
  output(line: string): void;
}
