/** The longest delay of a timer, milliseconds: a 32-bit number holds no more, and above it a timer fires at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;
