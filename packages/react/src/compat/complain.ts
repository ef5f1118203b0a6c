/** The library whose place this takes tells developers of their slips in the console; nothing else here writes there. */
export function complain(about: string, ...details: readonly unknown[]): void {
  // oxlint-disable-next-line no-console -- for the developer who moves over
  console.error(`useWebSocket: ${about}`, ...details);
}
