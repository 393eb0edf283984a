/** A run is called by a letter, and by a number from the 27th on. */
export const letterOf = (at: number): string => (at < 26 ? String.fromCharCode(65 + at) : String(at + 1));
