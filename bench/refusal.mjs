// A bench that was asked for what cannot be done ends with one sentence and the command's exit code, not with a stack.

import { BusyError, NoDeviceError, UsageError } from '../dist/index.js';

process.on('uncaughtException', (error) => {
  const usage = error instanceof UsageError || error?.code?.startsWith?.('ERR_PARSE_ARGS');
  const expected = usage || error instanceof NoDeviceError || error instanceof BusyError;
  process.stderr.write(`${expected ? error.message : (error?.stack ?? error)}\n`);
  process.exit(usage ? 2 : 3);
});
