/** A number in few characters: `999`, `12.3 K`, `4.50 M`. */
export function count(value: number): string {
  const scale = [1e9, 1e6, 1e3].findIndex((unit) => value >= unit);
  if (scale === -1) return String(value);
  const scaled = value / ([1e9, 1e6, 1e3][scale] as number);
  return `${scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0)} ${['G', 'M', 'K'][scale]}`;
}

/** `940 KB`, `4.0 MB`, `1.7 GB`, of 1000 bytes each. */
export function fileSize(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} KB`;
}
