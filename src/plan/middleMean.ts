/** A mean that a moment in which the machine did something else does not move: that of the middle half; 0 of none. */
export function middleMean(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const cut = Math.floor(sorted.length / 4);
  const middle = sorted.slice(cut, sorted.length - cut);
  return middle.length === 0 ? 0 : middle.reduce((sum, one) => sum + one, 0) / middle.length;
}
