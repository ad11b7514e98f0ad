/** Sources of tiny apps. Each line is a program for pm2. */

/** Serves on any free port, and writes its environment into the file `up-<pm id>`. */
export const SERVES = `
const { writeFileSync } = require('node:fs');
require('node:http').createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
  writeFileSync('up-' + process.env.pm_id, JSON.stringify(process.env));
});`;

export const CRASHES_AT_START = `throw new TypeError('this release is broken');`;

/** Lives for a while, then ends with code 3. */
export const CRASHES_LATE = `setTimeout(() => { console.error('RangeError: out of luck'); process.exit(3); }, 300);`;

/** An ES module whose top-level await ends badly. */
export const SLOWLY_REJECTS = `
async function connect() { await new Promise((done) => setTimeout(done, 100)); throw new Error('no database'); }
await connect();`;

/** An error that nobody catches, of an app that goes on serving under pm2. */
export const REJECTS_LATER = `setTimeout(() => Promise.reject(new Error('no cache')), 100);`;

/** Serves on one port, and crashes where that is taken. */
export function servesOn(port: number): string {
  return `require('node:http').createServer((request, response) => response.end('ok')).listen(${port}, '127.0.0.1');`;
}

/** Serves on one port, and stays alive without serving where that is taken. */
export function servesOrWaitsOn(port: number): string {
  return `
require('node:http').createServer((request, response) => response.end('ok'))
  .on('error', () => setInterval(() => undefined, 1_000)).listen(${port}, '127.0.0.1', () => require('node:fs').writeFileSync('server.pid', String(process.pid)));`;
}
