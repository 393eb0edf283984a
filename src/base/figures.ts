/** `42 s`, `3 min 05 s`, `2 h 10 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  if (hours > 0) return `${hours} h ${two(minutes)} min`;
  return minutes > 0 ? `${minutes} min ${two(whole % 60)} s` : `${whole} s`;
}

/** 0.6123 -> `61.23 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** A number with thin groups of three digits: 12 345. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ' ');

/** A metric: four digits behind the point for shares, two for what is larger. */
export const metricFigure = (value: number): string => value.toFixed(Math.abs(value) > 1 ? 2 : 4);

/** Bytes as `1 234 MB`. */
export const megabytes = (bytes: number): string => `${grouped(Math.round(bytes / 1e6))} MB`;
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `812 B`, `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}

/** `1 tensor`, `3 tensors`. */
export const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
