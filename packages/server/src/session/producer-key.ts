/** The names of a producer, outermost first. */
export type ProducerNames = readonly [identity: string, client: string, id: string];

/** One string for the three names: JSON, so that no two producers ever share one, whatever their names hold. */
export function producerKey(...names: ProducerNames): string {
  return JSON.stringify(names);
}

export function parseProducerKey(key: string): ProducerNames {
  return JSON.parse(key) as ProducerNames;
}
