/** Whether the time is there for every variant of what `npm test` shows once: `npm run test:long`. */
export const LONG = process.env['PM2_GITOPS_LONG'] === '1';

/** What a test says for `skip` that shows a variant only. */
export const ONLY_LONG = LONG ? false : 'a variant, of npm run test:long';
