// Asks the graph: for GraphiQL with the plan beside the answer, for the plan's pane with the plan alone.

import type { Fetcher, FetcherParams } from '@graphiql/toolkit';

import type { Session } from './session';

/** A call of a subgraph. */
export type Sent = { startMs: number; durationMs: number; entities: number };

/** A request of the plan; `sent` is null where nothing was executed. */
export type Request = {
  id: number;
  service: string;
  kind: 'query' | 'mutation' | 'entities';
  paths: string[];
  waitsFor: number[];
  document: string;
  sent: Sent[] | null;
};

export type Plan = { requests: Request[] };

/** What was asked, without what a plan doesn't depend on. */
export type Asked = { query: string; operationName?: string | null; variables?: unknown };

export type Run = { asked: Asked; plan: Plan };

/** The last run, and whoever wants to hear of the next. */
export class Runs {
  #last: Run | undefined;
  #listeners = new Set<() => void>();

  get last(): Run | undefined {
    return this.#last;
  }

  put(run: Run): void {
    this.#last = run;
    for (const listener of this.#listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** GraphiQL's fetcher. The plan goes to `runs`, not into the shown answer. */
export function fetcherOf(session: Session, runs: Runs): Fetcher {
  return async (asked: FetcherParams, options) => {
    const shown = asked.operationName !== 'IntrospectionQuery';
    const answer = await ask(asked, session, { ...(shown ? { 'spojka-plan': '1' } : {}), ...options?.headers });
    const { plan, ...extensions } = answer.extensions ?? {};
    if (plan === undefined) return answer;
    runs.put({ asked, plan: plan as Plan });
    delete answer.extensions;
    return Object.keys(extensions).length > 0 ? { ...answer, extensions } : answer;
  };
}

/** How it would be answered; nothing is executed. Throws what is wrong with it, in a sentence. */
export async function planOf(asked: Asked, session: Session): Promise<Plan> {
  const answer = await ask(asked, session, { 'spojka-plan': 'only' });
  if (answer.extensions?.plan) return answer.extensions.plan as Plan;
  throw new Error(answer.errors?.[0]?.message ?? 'the server gives no plan');
}

type Answer = { data?: unknown; errors?: { message: string }[]; extensions?: Record<string, unknown> };

async function ask(asked: Asked, session: Session, headers: Record<string, unknown>): Promise<Answer> {
  const send = async () =>
    fetch('/graphql', {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json',
        'content-type': 'application/json',
        ...(await session.headers()),
        ...(headers as Record<string, string>),
      },
      body: JSON.stringify(asked),
    });
  const response = await send();
  return (response.status === 401 && session.forget() ? await send() : response).json();
}
