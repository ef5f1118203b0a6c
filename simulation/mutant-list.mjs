/**
 * Each replaces one exact text in one file; a text that is not there exactly once is an error, so that no mutant dies
 * out when the code moves on.
 *
 * @type {readonly { readonly name: string; readonly file: string; readonly from: string; readonly to: string }[]}
 */
export const MUTANTS = [
  {
    name: 'ack before the handler',
    file: 'packages/server/src/session/producer.ts',
    from: `        this.#isRunning = true;
        void this.#run(entry);`,
    to: `        this.#isRunning = true;
        this.#position.advance(entry.seq, true);
        void this.#run(entry);`,
  },
  {
    name: 'delete before the ack',
    file: 'packages/core/src/runtime/stored-log.ts',
    from: 'for (const { entries } of removed) add(entries.filter(isLeft));',
    to: '',
  },
  {
    name: 'a page of the backlog that the server has is sent',
    file: 'packages/core/src/machines/producer-log.ts',
    from: 'if (seq <= this.takenTo && failure === undefined) {',
    to: 'if (false) {',
  },
  {
    name: 'a page of the backlog is read from its key on',
    file: 'packages/core/src/runtime/stored-log.ts',
    from: 'mark = next;',
    to: 'mark = next === null ? null : (segments.at(-1)?.[0].seq ?? next);',
  },
  {
    name: 'late timer taken for a dead peer',
    file: 'packages/core/src/machines/heartbeat.ts',
    from: 'if (misses === MISSES) return',
    to: 'if (misses === 1) return',
  },
  {
    name: 'stale event',
    file: 'packages/core/src/machines/connection.ts',
    from: "if (state.name === 'closed' || (id !== state.connectionId && !isOfRival)) return [state, []];",
    to: "if (state.name === 'closed') return [state, []];",
  },
  {
    name: 'old connection closed as done before the welcome',
    file: 'packages/core/src/runtime/link.ts',
    from: 'if (former !== null) silence(former);',
    to: "former?.close(1000, 'moved');",
  },
  {
    name: 'losers of a race stay',
    file: 'packages/core/src/socket/endpoint-race.ts',
    from: "for (const loser of losers) letGo(loser.socket, NORMAL, 'not needed');",
    to: 'void losers;',
  },
  {
    name: 'breaker without a trial',
    file: 'packages/core/src/machines/retry.ts',
    from: 'retryIn(draft, turn, options.coolDownMs * 2 ** Math.min(draft.trips, MOST_DOUBLINGS) + askedMs);',
    to: 'draft.retryAt = now + options.coolDownMs;',
  },
  {
    name: 'retry-after ignored',
    file: 'packages/core/src/machines/retry.ts',
    from: 'const askedMs = retryAfterMs ?? 0;',
    to: 'const askedMs = 0;',
  },
  {
    name: 'lost epoch',
    file: 'packages/core/src/machines/session.ts',
    from: 'received = welcome.offset;',
    to: 'received = Math.max(received, welcome.offset);',
  },
  {
    name: 'fence left out',
    file: 'packages/server/src/session/intake.ts',
    from: 'if (producer.owner !== slot) {',
    to: 'if (producer.owner === null) {',
  },
  {
    name: 'older hello takes the session',
    file: 'packages/server/src/session/hello-verdict.ts',
    from: 'if (known !== undefined && hello.n <= known.n) {',
    to: 'if (known !== undefined && hello.n < 0) {',
  },
  {
    name: 'mail leaves the queue when it is sent',
    file: 'packages/server/src/session/user-queue.ts',
    from: '        carrier.take(entry);',
    to: '        carrier.take(entry);\n        void this.#store.settle(this.user, entry.seq);',
  },
  {
    name: 'mail that was lost counts as acknowledged',
    file: 'packages/server/src/session/server-session.ts',
    from: 'this.carrier?.lost(first - 1);',
    to: '',
  },
  {
    name: 'mail for one session only',
    file: 'packages/server/src/session/user-queue.ts',
    from: 'if (entry.seq > through && !carrier.hasRoom(entry)) break;',
    to: 'if (!carrier.hasRoom(entry)) break;',
  },
  {
    name: 'handlers without turns',
    file: 'packages/server/src/session/turns.ts',
    from: 'if (this.#running < this.#limits.total && this.#line.size === 0) {',
    to: 'if (this.#line.size === 0) {',
  },
  {
    name: 'window ignored',
    file: 'packages/core/src/machines/session.ts',
    from: 'const fits = messages < window.messages && bytes + entry.bytes <= window.bytes;',
    to: 'const fits = true;',
  },
  {
    name: 'replay buffer drops one too many',
    file: 'packages/server/src/session/replay-buffer.ts',
    from: 'this.first <= offset) this.#drop();',
    to: 'this.first <= offset + 1) this.#drop();',
  },
  {
    name: 'ownership not checked after a freeze',
    file: 'packages/core/src/runtime/log-keeper.ts',
    from: 'if (copies.get(queue.own) === copy) await copy.check(open);',
    to: '',
  },
  {
    name: 'lost generation ignored',
    file: 'packages/core/src/runtime/log-keeper.ts',
    from: 'if (cause instanceof LogLost) return false;',
    to: 'if (cause instanceof LogLost) return true;',
  },
  {
    name: 'adoption without the lock',
    file: 'packages/core/src/runtime/log-keeper.ts',
    from: '|| !(await locks.take(id))) continue;',
    to: '|| !((await locks.take(id)) || true)) continue;',
  },
  {
    name: 'chain broken by a log settled in its middle',
    file: 'packages/core/src/runtime/log-keeper.ts',
    from: 'const before = isDone ? unsettledBefore(log) : null;',
    to: 'const before = null;',
  },
  {
    name: 'own log ahead of the one before the reload',
    file: 'packages/core/src/runtime/log-keeper.ts',
    from: 'queue.own.after = predecessors.map(find).filter(Boolean).at(-1) ?? null;',
    to: '',
  },
  {
    name: 'succession out of order',
    file: 'packages/core/src/machines/outbox.ts',
    from: 'if (!after.isSettled && logs.includes(after)) return true;',
    to: '',
  },
  {
    name: 'skip overtakes',
    file: 'packages/server/src/session/producer.ts',
    from: "this.#queue.push({ kind: 'skip', seq });",
    to: 'this.#position.advance(seq, true);',
  },
  {
    name: 'refusals forgotten',
    file: 'packages/server/src/session/producer.ts',
    from: 'await this.#context.store.advance(this.key, fence, done, refusals.all());',
    to: 'void refusals;\n    await this.#context.store.advance(this.key, fence, done, []);',
  },
  {
    name: 'mark left out',
    file: 'packages/server/src/session/producer.ts',
    from: 'redelivered: this.#position.isSuspect(entry.seq),',
    to: 'redelivered: false,',
  },
  {
    name: 'crash of the last owner not noticed',
    file: 'packages/server/src/session/position.ts',
    from: '(taken === null || claimed.isDirty)',
    to: 'taken === null',
  },
  {
    name: 'released while in doubt',
    file: 'packages/server/src/session/producer.ts',
    from: 'if (this.#position.isCertain) {',
    to: 'if (this.#position.fence > 0) {',
  },
  {
    name: 'key not rotated',
    file: 'packages/server/src/session/server-session.ts',
    from: 'this.#keys = { proved: key,',
    to: 'void key;\n    this.#keys = { proved: null,',
  },
  {
    name: 'session of another identity resumed',
    file: 'packages/server/src/session/hello-verdict.ts',
    from: 'named !== undefined && named.identity !== identity',
    to: 'named !== undefined && identity === ""',
  },
  {
    name: 'server that sees another identity believed',
    file: 'packages/core/src/machines/session.ts',
    from: 'else if (peer !== welcome.identity) {',
    to: 'else if (peer === "") {',
  },
  {
    name: 'what was sent is withdrawn',
    file: 'packages/core/src/machines/producer-log.ts',
    from: "status === 'queued' && !maybeSent && !isWithdrawn",
    to: "status === 'queued' && (maybeSent || !maybeSent) && !isWithdrawn",
  },
  {
    name: 'doubtUpTo ignored',
    file: 'packages/core/src/machines/listing.ts',
    from: 'for (const entry of this.log.entries) if (entry.seq > doubtUpTo) entry.maybeSent = false;',
    to: 'for (const entry of this.log.entries) entry.maybeSent = false;',
  },
  {
    name: 'two handlers of a producer at once',
    file: 'packages/server/src/session/producer.ts',
    from: 'if (!this.#isRunning && !this.#isBroken && ',
    to: 'if (!this.#isBroken && ',
  },
  {
    name: 'welcome before the last run has settled',
    file: 'packages/server/src/session/producer.ts',
    from: `if (!this.isAtRest) await this.#rest();
        else if`,
    to: 'if',
  },
  {
    name: 'acknowledged before it is written',
    file: 'packages/server/src/session/producer.ts',
    from: 'this.#position.advance(seq, this.#context.positions === undefined);',
    to: 'this.#position.advance(seq, false);',
  },
  {
    name: 'acknowledgement one too far',
    file: 'packages/server/src/session/intake.ts',
    from: 'due.seq = seq;',
    to: 'due.seq = seq + 1;',
  },
  {
    name: 'receipt of the next one settled, too',
    file: 'packages/core/src/machines/listing.ts',
    from: 'this.log.settleWhile((entry) => entry.seq <= seq);',
    to: 'this.log.settleWhile((entry) => entry.seq <= seq + 1);',
  },
  {
    name: 'refusal of the wrong message',
    file: 'packages/core/src/machines/listing.ts',
    from: 'this.log.find(seq);',
    to: 'this.log.entries.find((other) => other.seq > seq);',
  },
  {
    name: 'withdrawn before storage has forgotten',
    file: 'packages/core/src/runtime/stored-messages.ts',
    from: 'log.fail(entry, isForgotten ? failure : NOT_FORGOTTEN)',
    to: 'log.fail(entry, isForgotten ? failure : failure)',
  },
  {
    name: 'stored before it is written',
    file: 'packages/core/src/runtime/stored-log.ts',
    from: 'generation = await store.write({ id, after: follows, generation }, firsts,',
    to: 'fresh.forEach(host.onStored);\n        generation = await store.write({ id, after: follows, generation }, firsts,',
  },
  {
    name: 'a late close touches the session',
    file: 'packages/server/src/session/session-registry.ts',
    from: 'if (session.link !== link) return;',
    to: 'void link;',
  },
  {
    name: 'ended token still runs',
    file: 'packages/server/src/session/producer.ts',
    from: 'if (!entry.slot.host.mayRun) {',
    to: 'if (false) {',
  },
  {
    name: 'token of another identity accepted',
    file: 'packages/server/src/session/credentials.ts',
    from: 'if (who.ok && who.identity !== this.#identity) {',
    to: 'if (false) {',
  },
  {
    name: 'token asked for too late',
    file: 'packages/server/src/session/credentials.ts',
    from: 'const waitMs = leftMs - leadMs;',
    to: 'const waitMs = leftMs - Math.min(leadMs, 1);',
  },
];
