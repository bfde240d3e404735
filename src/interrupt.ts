// Ctrl-C ends the measuring, not the keeping. Where nothing is measured it ends the process, in a sentence too.

export const interruptedExit = 130;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let onSignal = (): void => {
  process.stderr.write('nameplate: interrupted\n');
  process.exit(interruptedExit);
};

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
    if (controller.signal.aborted) process.exit(interruptedExit);
    controller.abort();
  };
  return {
    signal: controller.signal,
    end: () => {
      onSignal = usual;
    },
  };
}
