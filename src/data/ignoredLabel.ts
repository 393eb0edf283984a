/** The label of what is not known or not asked, which losses leave out: a region without a class, a word that is not masked. */
export const IGNORED_LABEL = -100;
