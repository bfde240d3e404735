// Ctrl-C ends the measuring, not the keeping.

export const interruptedExit = 130;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Aborted by the first signal. */
  signal: AbortSignal;
  /** Gives the signals back to their usual meaning. */
  end(): void;
}

/** The first signal asks to stop, so that what is measured is saved; the second ends the process at once. */
export function interruptible(): Interruption {
  const controller = new AbortController();
  const listen = () => {
    if (controller.signal.aborted) process.exit(interruptedExit);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, listen);
  return {
    signal: controller.signal,
    end: () => {
      for (const signal of signals) process.off(signal, listen);
    },
  };
}
