/**
 * The program that evaluates an ecosystem file, for `node -e`: arguments are the file and a marker.
 * It prints the marker and one JSON object last, then ends, whatever timers the file has left.
 */
export const ECOSYSTEM_SCRIPT = `
const [file, marker] = process.argv.slice(1);
const { readFileSync, writeSync } = require('node:fs');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');
// pm2 reads .json as a JavaScript expression, so comments and trailing commas are common there.
const load = async () => file.endsWith('.json')
  ? vm.runInThisContext('(' + readFileSync(file, 'utf8') + ')', { filename: file })
  : import(pathToFileURL(file).href).then((module) => module.default ?? module);
const lineOf = (error) => {
  const stack = String(error?.stack ?? '');
  for (const place of [file, pathToFileURL(file).href]) {
    const at = stack.indexOf(place + ':');
    if (at >= 0) return Number.parseInt(stack.slice(at + place.length + 1), 10) || null;
  }
  return null;
};
const print = (answer) => {
  const bytes = Buffer.from(marker + JSON.stringify(answer) + marker);
  for (let done = 0; done < bytes.length; ) {
    try { done += writeSync(1, bytes, done); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
  }
  process.exit(0);
};
load().then(
  (value) => print({ is: 'value', value: value ?? null }),
  (error) => print({ is: 'error', message: String(error?.message ?? error).split('\\n')[0], line: lineOf(error) }),
);
`;
