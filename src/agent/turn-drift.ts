// What a poller needs to look whether all is as it was left: loaded only where nothing else is to be done.
export { isComparisonDue } from './compare-due.js';
export { lookForDrift } from './look-drift.js';
