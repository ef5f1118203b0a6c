import { describe, expect, it } from 'vitest';
import type { State } from '../machines/connection-state.ts';
import { STATE_NAMES, STATES } from '../machines/connection.fixture.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { looksTheSame, snapshot } from './snapshot.ts';

const environment = new FakeEnvironment();

const isHandover = (state: State): boolean => state.isHandover;

describe('snapshot', () => {
  it.each(STATE_NAMES)('shows every form of %s in public words', (name) => {
    for (const state of STATES[name]) {
      const picture = snapshot(state, environment);
      expect(picture).toMatchObject({ phase: isHandover(state) ? 'open' : name, attempt: state.attempt });
      expect(picture.since).toBe(environment.wallOffset);
      const retryAt = state.retryAt;
      expect(picture.retryAt).toBe(retryAt === null ? null : environment.wallOffset + retryAt);
      expect(Object.isFrozen(picture)).toBe(true);
    }
  });

  it('says why', () => {
    const reasons = STATE_NAMES.map((name) =>
      STATES[name].map((state) => snapshot(state, environment).reason).join(' '),
    );
    expect(reasons).toEqual([
      'user user',
      'retry retry retry retry retry retry connected',
      STATES.open.map(() => 'connected').join(' '),
      'lost lost offline',
      'user frozen user hidden',
      'refused exhausted',
      'user',
      'user',
    ]);
    expect(snapshot(STATES.suspended[0]!, environment).error).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(snapshot(STATES.open[0]!, environment).error).toBe(null);
  });

  it('shows a connection that takes over from an open one as open: nothing has ended', () => {
    const handover = STATES.connecting.find(isHandover)!;
    expect(snapshot(handover, environment)).toMatchObject({ phase: 'open', reason: 'connected', error: null });
  });

  it('shows the breaker: open while it waits, half-open until a try has proved stable, else closed', () => {
    const tripped = (state: State): State => ({ ...state, trips: 2 });
    const breakers = (states: readonly State[]): string[] =>
      states.map((state) => snapshot(state, environment).breaker);
    expect(breakers([STATES.idle[0]!, STATES.waiting[0]!, STATES.suspended[0]!])).toEqual([
      'closed',
      'closed',
      'closed',
    ]);
    expect(breakers([STATES.suspended[1]!, tripped(STATES.suspended[1]!)])).toEqual(['open', 'open']);
    expect(breakers([tripped(STATES.connecting[0]!), tripped(STATES.open[0]!)])).toEqual(['half-open', 'half-open']);
  });
});

describe('looksTheSame', () => {
  const connecting = STATES.connecting[0]!;
  const open = STATES.open[1]!;
  const waiting = STATES.waiting[0]!;
  const handover = STATES.connecting.find(isHandover)!;

  it.each<[string, State, Partial<State>, boolean]>([
    ['a step of connecting', connecting, { step: 'greeting' }, true],
    ['a beat', open, { heartbeat: null }, true],
    ['a look at what is unanswered', open, { silentTicks: 1 }, true],
    ['a rival on its way', open, { rival: { connectionId: 8, isWanted: true, tries: 1, openMs: null } }, true],
    ['a handover', open, handover, true],
    ['the end of a handover', handover, open, true],
    ['another time', connecting, { since: 9 }, false],
    ['another reason', connecting, { reason: 'user' }, false],
    ['another reason to pause', STATES.paused[2]!, { reason: 'frozen', reasons: ['frozen'] }, false],
    ['another failure', waiting, { failure: { code: 'URL_FAILED', message: '' } }, false],
    ['another time of the next try', waiting, { retryAt: 900 }, false],
    ['a breaker that waits for another time', STATES.suspended[1]!, { retryAt: 900 }, false],
    ['a connection that is no handover', open, { ...connecting }, false],
  ])('%s', (_name, state, changes, isSame) => {
    const other = { ...state, ...changes } as State;
    expect([looksTheSame(state, other), looksTheSame(other, state)]).toEqual([isSame, isSame]);
  });

  it.each<[string, Partial<State>, boolean]>([
    ['another connection', { connectionId: 9, newestId: 9 }, true],
    ['a hint of the browser', { offlineAt: 0, isHidden: true, onlineAt: 5 }, true],
    ['another delay', { delayMs: 9, notBefore: 9 }, true],
    ['another attempt', { attempt: 9 }, false],
    ['a breaker that has opened', { trips: 1 }, false],
  ])('what is known: %s', (_name, changes, isSame) => {
    for (const state of [connecting, open, waiting]) {
      expect(looksTheSame(state, { ...state, ...changes })).toBe(isSame);
    }
  });
});
