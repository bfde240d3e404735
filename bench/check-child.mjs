// Verifies rows in a process of its own, so that one that hangs or crashes is one row lost: bench/verifier.mjs sends
// { request, kernel } and is answered with the row's results, or { fault }.

import { loadNative } from '../dist/index.js';

const native = loadNative();

process.on('message', async ({ request, kernel }) => {
  // Read by the addon before each choice: of the forms of a kernel, those whose name has this part.
  if (kernel === null) delete process.env.NAMEPLATE_KERNEL;
  else process.env.NAMEPLATE_KERNEL = kernel;
  try {
    const { results } = await native.run(request);
    process.send({ results });
  } catch (error) {
    process.send({ fault: `${error.code ?? error.name}: ${error.message}` });
  }
});

// The check is gone: in the middle of a launch only a kill is sure to end this.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
