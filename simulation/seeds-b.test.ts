import { SEEDS_PER_FILE, testSeeds } from './seeds.fixture.ts';

testSeeds(1 + SEEDS_PER_FILE);
