/**
 * Gives a class the shape of an interface of Web IDL: its members can be enumerated, the constants stand on class and
 * prototype, and can't be changed.
 */
export function asInterface(
  made: { readonly prototype: object },
  constants: { readonly [name: string]: number },
  tag: string,
): void {
  const { prototype } = made;
  const shared: PropertyDescriptorMap = {};
  for (const [name, value] of Object.entries(constants)) shared[name] = { value, enumerable: true };
  const members: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(prototype);
  for (const [name, member] of Object.entries(members)) member.enumerable = name !== 'constructor';
  members[Symbol.toStringTag] = { value: tag, configurable: true };
  Object.defineProperties(prototype, { ...members, ...shared });
  Object.defineProperties(made, shared);
}
