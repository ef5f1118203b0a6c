import { afterAll, beforeAll, describe } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { Held } from './held.fixture.ts';
import { PuppeteerBrowser } from './puppeteer-browser.ts';
import { testReact } from './react.fixture.ts';
import { testRequirements } from './requirements.fixture.ts';
import type { RemotePage } from './remote-page.ts';
import { testFullStorage, testStorage } from './storage.fixture.ts';
import { Stage, testSurvival } from './survival.fixture.ts';

describe.skipIf(findBrowser('firefox').path === undefined)('in Firefox', () => {
  const held = new Held();
  let stage: Stage;
  beforeAll(async () => {
    const browser = held.use(await PuppeteerBrowser.launch('firefox'));
    stage = await Stage.set(await browser.newPage(), held);
  });
  afterAll(() => held.release());

  testSurvival(() => stage);
  testReact(() => stage.page);
  testRequirements('Firefox', () => stage.page);
  testStorage(() => stage.page);
});

describe.skipIf(findBrowser('firefox').path === undefined)('in Firefox on a small disk', () => {
  const held = new Held();
  let page: RemotePage;
  beforeAll(async () => {
    // Kilobytes.
    const preferences = { 'dom.quotaManager.temporaryStorage.fixedLimit': 20_480 };
    page = await held.use(await PuppeteerBrowser.launch('firefox', { preferences })).newPage();
  });
  afterAll(() => held.release());

  testFullStorage(() => page);
});
