/**
 * Name of the input that says which sequence each row of a batch is, int32 [B, 1]. Batches have it where values of the
 * backbone are stored by sequence; a task that takes rows of inputs apart must take this one along.
 */
export const SEQUENCE_ROWS = 'sequence.rows';
