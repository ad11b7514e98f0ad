import { constants, openSync } from 'node:fs';

// Stands for a virus scanner: `holding-program.js PATH MS` lets nobody else open or move the file for so long.
const [path = '', forMs = '0'] = process.argv.slice(2);
openSync(path, constants.O_RDWR | 0x10000000); // libuv's UV_FS_O_EXLOCK: no sharing
console.log('held');
setTimeout(() => process.exit(), Number(forMs));
