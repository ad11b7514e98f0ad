// Runs the poller under pm2: pm2 start ecosystem.config.cjs (PM2_GITOPS_ROOT names the root).
// treekill is off so that nothing below the poller is ever ended with it; the worker does not depend on it.
module.exports = {
  apps: [
    {
      name: 'pm2-gitops',
      script: require('node:path').join(__dirname, 'dist/src/cli/main.js'),
      args: 'run',
      pmx: false,
      cwd: process.env.PM2_GITOPS_ROOT || process.cwd(),
      treekill: false,
      kill_timeout: 5000,
      max_memory_restart: '200M',
    },
  ],
};
