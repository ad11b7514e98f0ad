import childProcess from 'node:child_process';
import { before } from '../sweep/around.js';
import { CLOCK_VARIABLES } from './false-clock.js';

// Comes before every Node program of a machine with a false clock: what the program starts believes that clock as well, however clean an
// environment it is given. On a real machine nobody can leave the clock behind either.

const given = CLOCK_VARIABLES.flatMap((name) => {
  const value = process.env[name];
  return value === undefined ? [] : [`${name}=${value}`];
});

before(childProcess.ChildProcess.prototype, 'spawn', ({ args: [options] }) => {
  const pairs: unknown = typeof options === 'object' && options !== null && Reflect.get(options, 'envPairs');
  if (!Array.isArray(pairs)) return;
  const names = pairs.map((pair: unknown) => String(pair).split('=')[0]);
  pairs.push(...given.filter((pair) => !names.includes(pair.split('=')[0])));
});
