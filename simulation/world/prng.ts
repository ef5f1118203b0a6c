/** Every part of the world draws from a stream of its own. */
export { Random as Chance } from '@holdfast/core/testing';
