import { launchDetached } from '../../src/os/platform.js';

// Stands for an app with a poller in it: launches a worker, says so, and stays. `detach-program.js WORKER FILE`
const [script = '', file = ''] = process.argv.slice(2);
await launchDetached({
  script,
  args: [file, String(process.pid), 'an argument with "quotes", $HOME and spaces'],
  cwd: process.cwd(),
  env: { PATH: process.env['PATH'] ?? '', PGO_UNIT: 'told' },
});
console.log('launched');
setInterval(() => undefined, 1_000);
