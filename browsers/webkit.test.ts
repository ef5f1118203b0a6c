import { afterAll, beforeAll, describe } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { Held } from './held.fixture.ts';
import { WebKitBrowser } from './webkit-browser.ts';
import { testReact } from './react.fixture.ts';
import { testRequirements } from './requirements.fixture.ts';
import { testStorage } from './storage.fixture.ts';
import { Stage, testSurvival } from './survival.fixture.ts';

describe.skipIf(findBrowser('webkit').path === undefined)('in WebKitGTK', () => {
  const held = new Held();
  let stage: Stage;
  beforeAll(async () => {
    const browser = held.use(await WebKitBrowser.launch());
    stage = await Stage.set(browser, held);
  });
  afterAll(() => held.release());

  testSurvival(() => stage);
  testReact(() => stage.page);
  testRequirements('WebKitGTK', () => stage.page);
  testStorage(() => stage.page);
});
