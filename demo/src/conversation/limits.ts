/** The most messages that may wait at once. */
export const QUEUE_LIMIT = 20_000;
