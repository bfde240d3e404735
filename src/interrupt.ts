// Ctrl-C ends the measuring, not the keeping. Where nothing is measured it ends the process, in a sentence too.

export const interruptedExit = 130;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let onSignal = (): void => end(false);

function end(inFile: boolean): void {
  process.stderr.write('nameplate: interrupted\n');
  leave(inFile);
}

/**
 * `inFile`: a thread may be stuck in a file operation, of a FIFO that has no other end or of a dead NFS. process.exit would
 * wait for it. A shell calls the death by SIGINT 130 as well; process 1 of a container does not die of it.
 */
function leave(inFile: boolean): void {
  // The next signal ends the process by default, should this one not.
  for (const signal of signals) process.removeAllListeners(signal);
  if (inFile) process.kill(process.pid, 'SIGINT');
  process.exit(interruptedExit);
}

/** From here on a signal is no longer the end by default, which says nothing and has no exit code. */
export function listen(): void {
  for (const signal of signals) process.on(signal, () => onSignal());
}

export interface Interruption {
  /** Aborted by the first signal. */
  signal: AbortSignal;
  /** Gives the signals back to their usual meaning. */
  end(): void;
}

/** The first signal asks to stop, so that what is measured is saved; the second ends the process at once. */
export function interruptible(): Interruption {
  const controller = new AbortController();
  const usual = onSignal;
  onSignal = () => {
    if (controller.signal.aborted)
      leave(process.getActiveResourcesInfo().some((what) => /^FSReq/.test(what)));
    controller.abort();
  };
  return {
    signal: controller.signal,
    end: () => {
      onSignal = usual;
    },
  };
}

/** What a signal need not wait for: `work` on a file, which may never end. */
export async function abandonable<T>(work: Promise<T>): Promise<T> {
  const usual = onSignal;
  onSignal = () => end(true);
  try {
    return await work;
  } finally {
    onSignal = usual;
  }
}
