#!/usr/bin/env node
// The door: signals are heard before the command is loaded, which takes long enough for one to come, and what fails while it
// loads, or where nobody waits for it, is no row that is low.

const cannotMeasure = 3;

const remedies: Readonly<Record<string, string>> = {
  ERR_MODULE_NOT_FOUND:
    'what it is made of is not all installed; npm install, or npm ci in a checkout, installs it',
  EMFILE: 'the process may open too few files (ulimit -n)',
  ENFILE: 'the machine has too many files open',
};

process.on('uncaughtException', (error) => {
  process.stderr.write(`nameplate: ${sentence(error)}\n`);
  process.exit(cannotMeasure);
});

function sentence(error: Error): string {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17))
    return `Node.js ${node} is too old; 20.17 or later is needed`;
  const { code = '', message, stack }: NodeJS.ErrnoException = error;
  const remedy = remedies[code];
  // A stack is for our own faults.
  if (remedy === undefined) return stack ?? String(error);
  return `${message.replaceAll(/\s*\n\s*/g, ' ')}: ${remedy}`;
}

// Not at the top: what is imported there is loaded before anybody hears that it could not be.
const { listen } = await import('./interrupt.js');
listen();
await import('./program.js');
