// One line on a terminal that says which row is being measured, and for how long. Silent in a pipe or a log, where a
// line that rewrites itself is noise.

import { createLogUpdate } from 'log-update';
import type { Progress } from './run.js';

/** A line that each text replaces; nothing where the stream cannot go back in a line. */
export interface LiveLine {
  show(text: string): void;
  /** Leaves no trace of it. */
  end(): void;
}

/** A dumb terminal cannot go back in a line. */
const rewrites = (stream: NodeJS.WriteStream): boolean => stream.isTTY && process.env.TERM !== 'dumb';

/** As small as terminals are. */
const smallest = { columns: 80, rows: 24 };

export function liveLine(stream: NodeJS.WriteStream = process.stderr): LiveLine {
  if (!rewrites(stream)) return { show: () => {}, end: () => {} };
  // Some terminals report a size of 0, into which nothing fits. A line wider than the terminal would leave a trace.
  stream.columns ||= smallest.columns;
  stream.rows ||= smallest.rows;
  const line = createLogUpdate(stream);
  return {
    show: line,
    end() {
      line.clear();
      line.done();
    },
  };
}

export interface ProgressLine {
  show(progress: Progress): void;
  end(): void;
}

const refreshMilliseconds = 500;

export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  if (!rewrites(stream)) return { show: () => {}, end: () => {} };
  const line = liveLine(stream);
  let text = '';
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = () => line.show(`${text} · ${Math.round((performance.now() - since) / 1000)} s`);
  return {
    show({ index, total, device, row }) {
      since = performance.now();
      text = `${index + 1}/${total} · ${device} · ${row}`;
      timer ??= setInterval(draw, refreshMilliseconds).unref();
      draw();
    },
    end() {
      clearInterval(timer);
      line.end();
    },
  };
}
