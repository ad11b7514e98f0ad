// All that a turn of the poller needs, in one place, so that a host loads it when the first turn comes and not with its own start.
export { openRoot } from './compose.js';
export { newestEnded } from './ended-runs.js';
export { lineNews } from './line-news.js';
export { movedNow } from './moved-news.js';
export { poll } from './poll.js';
export { Listener, tellFile } from './tell-programs.js';
export { turnsOf } from './turns.js';
