import { describe, expect, it } from 'vitest';
import type { State } from '../machines/connection-state.ts';
import { STATE_NAMES, STATES } from '../machines/connection.fixture.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { looksTheSame, snapshot } from './snapshot.ts';

const environment = new FakeEnvironment();

describe('snapshot', () => {
  it.each(STATE_NAMES)('shows every form of %s in public words', (name) => {
    for (const state of STATES[name]) {
      const picture = snapshot(state, environment);
      expect(picture).toMatchObject({ phase: name, attempt: state.attempt });
      expect(picture.since).toBe(environment.wallOffset);
      expect(picture.retryAt).toBe(name === 'waiting' ? environment.wallOffset + 500 : null);
      expect(Object.isFrozen(picture)).toBe(true);
    }
  });

  it('says why', () => {
    const reasons = STATE_NAMES.map((name) =>
      STATES[name].map((state) => snapshot(state, environment).reason).join(' '),
    );
    expect(reasons).toEqual([
      'user user',
      'retry retry retry retry retry retry',
      'connected connected connected connected',
      'lost offline',
      'user frozen user',
      'refused refused',
      'user',
      'user',
    ]);
    expect(snapshot(STATES.suspended[0]!, environment).error).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(snapshot(STATES.open[0]!, environment).error).toBe(null);
  });
});

describe('looksTheSame', () => {
  const connecting = STATES.connecting[0]!;
  const waiting = STATES.waiting[0]!;

  it.each<[string, State, Partial<State>, boolean]>([
    ['a step of connecting', connecting, { step: 'greeting' }, true],
    ['another connection', connecting, { connectionId: 9 }, true],
    ['a hint of the browser', connecting, { isOffline: true }, true],
    ['a beat', STATES.open[1]!, { heartbeat: { name: 'probing', quarters: 1, timeoutMs: 9 } }, true],
    ['another attempt', connecting, { attempt: 9 }, false],
    ['another time', connecting, { since: 9 }, false],
    ['another reason', connecting, { reason: 'user' }, false],
    ['another reason to pause', STATES.paused[2]!, { reasons: ['frozen'] }, false],
    ['another failure', waiting, { failure: { code: 'URL_FAILED', message: '' } }, false],
    ['another time of the next try', waiting, { retryAt: 900 }, false],
  ])('%s', (_name, state, changes, isSame) => {
    expect(looksTheSame(state, { ...state, ...changes } as State)).toBe(isSame);
  });
});
