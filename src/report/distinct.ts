// Names that no reader may take for one another.

/** Gives each name back the first time, and later with a number: some readers keep one of two alike, others refuse both. */
export function distinct(): (name: string) => string {
  const times = new Map<string, number>();
  return function next(name): string {
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    return time === 1 ? name : next(`${name} #${time}`);
  };
}
