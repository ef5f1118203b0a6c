import { HoldfastError, type Failure } from '../lib/errors.ts';

/** The error of a failure, and those that led to it, all the way down. */
export function toError(failure: Failure, timestamp: number): HoldfastError {
  const { cause } = failure;
  return isFailure(cause)
    ? new HoldfastError({ ...failure, cause: toError(cause, timestamp) }, timestamp)
    : new HoldfastError(failure, timestamp);
}

/** A failure that led to another one is plain data until it reaches the app. */
function isFailure(cause: unknown): cause is Failure {
  return (
    typeof cause === 'object' && cause !== null && !(cause instanceof Error) && 'code' in cause && 'message' in cause
  );
}
