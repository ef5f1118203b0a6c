import { afterAll, beforeAll, describe } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { Held } from './held.fixture.ts';
import { PuppeteerBrowser } from './puppeteer-browser.ts';
import { testReact } from './react.fixture.ts';
import { Stage, testSurvival } from './survival.fixture.ts';

describe.skipIf(findBrowser('chromium').path === undefined)('in Chromium', () => {
  const held = new Held();
  let stage: Stage;
  beforeAll(async () => {
    const browser = held.use(await PuppeteerBrowser.launch('chromium'));
    stage = await Stage.set(await browser.newPage(), held);
  });
  afterAll(() => held.release());

  testSurvival(() => stage);
  testReact(() => stage.page);
});
