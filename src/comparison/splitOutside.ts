/** Where quotes and brackets stand open, character by character. */
function createNesting(): (character: string) => boolean {
  let [depth, quoted, escaped] = [0, false, false];
  return (character) => {
    if (escaped) escaped = false;
    else if (quoted && character === '\\') escaped = true;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && '[{'.includes(character)) depth++;
    else if (!quoted && ']}'.includes(character)) depth--;
    return quoted || depth > 0;
  };
}

/**
 * Cuts a text at a separator, but not within quotes, brackets or braces, and only where what follows may begin a piece.
 */
export function splitOutside(text: string, separator: string, begins?: RegExp): string[] {
  const isInside = createNesting();
  const pieces = [''];
  for (const [index, character] of [...text].entries()) {
    const inside = isInside(character);
    const cut = character === separator && !inside && (begins?.test(text.slice(index + 1)) ?? true);
    if (cut) pieces.push('');
    else pieces[pieces.length - 1] += character;
  }
  return pieces.map((piece) => piece.trim());
}
