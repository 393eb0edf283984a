import { UsageError } from '../base/errors.js';

/** A test set may come without labels: then it gets predictions and no metrics. */
export function unlessUnlabelled<T>(measure: () => T, onError?: (message: string) => void): T | undefined {
  try {
    return measure();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    onError?.(error.message);
    return undefined;
  }
}
