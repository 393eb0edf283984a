/** Makes a text ready to be split. */
export type Normalizer = (text: string) => string;
