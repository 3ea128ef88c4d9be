// The graph is all this page knows. An answer may be whole, or lack what a system that is down or a door that is shut
// didn't give; where it lacks something there is an error at that place or above it, and `Seen` finds it.

import type { Session } from './session';

type Path = (string | number)[];
type GraphError = { message: string; path?: Path; extensions?: { code?: string; system?: string; service?: string } };

/** Why there is nothing: not allowed, a system is down, or something else in the server's words. */
export type Problem =
  | { kind: 'forbidden' }
  | { kind: 'missing'; system: string }
  | { kind: 'other'; message: string };

/** No answer at all: not reached, or the request was refused as a whole. */
export class Unanswered extends Error {
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** Asks for the document with this id. Throws Unanswered. */
export async function ask(session: Session, documentId: string, variables: object): Promise<Seen> {
  const send = async () =>
    fetch('/graphql', {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json',
        'content-type': 'application/json',
        ...(await session.headers()),
      },
      body: JSON.stringify({ documentId, variables }),
    });
  let answer: { data?: unknown; errors?: GraphError[] };
  try {
    let response = await send();
    if (response.status === 401 && session.forget()) response = await send();
    answer = await response.json();
  } catch {
    throw new Unanswered('unreachable');
  }
  const errors = answer.errors ?? [];
  if (!('data' in answer)) throw new Unanswered(errors[0]?.message ?? '', errors[0]?.extensions?.code);
  return new Seen(answer.data, errors, []);
}

/** One place of an answer. */
export class Seen {
  readonly value: unknown;
  readonly #errors: GraphError[];
  readonly #path: Path;

  constructor(value: unknown, errors: GraphError[], path: Path) {
    this.value = value;
    this.#errors = errors;
    this.#path = path;
  }

  /** `invoice.at('account', 'client')`: further in; what is below nothing is nothing, for the same reason. */
  at(...steps: string[]): Seen {
    let value = this.value;
    for (const step of steps) value = (value as Record<string, unknown> | null | undefined)?.[step] ?? null;
    return new Seen(value, this.#errors, [...this.#path, ...steps]);
  }

  /** The items of a list; undefined where there is no list. */
  get items(): Seen[] | undefined {
    if (!Array.isArray(this.value)) return undefined;
    return this.value.map((each, index) => new Seen(each, this.#errors, [...this.#path, index]));
  }

  get text(): string | undefined {
    return this.value === null || this.value === undefined ? undefined : String(this.value);
  }

  get isThere(): boolean {
    return this.value !== null && this.value !== undefined;
  }

  /** Why this place is empty; undefined where it isn't, or where there is just nothing. */
  get problem(): Problem | undefined {
    if (this.isThere) return undefined;
    const error = this.#errors.find(({ path }) => path?.every((step, index) => step === this.#path[index]));
    return error && problemOf(error);
  }

  /** The systems that didn't answer, for all of the answer. */
  get missingSystems(): string[] {
    const problems = this.#errors.map(problemOf);
    return [...new Set(problems.flatMap((each) => (each.kind === 'missing' ? [each.system] : [])))].sort();
  }
}

function problemOf({ message, extensions }: GraphError): Problem {
  switch (extensions?.code) {
    case 'FORBIDDEN':
    case 'UNAUTHENTICATED':
      return { kind: 'forbidden' };
    case 'SYSTEM_UNAVAILABLE':
    case 'SYSTEM_BUSY':
      return { kind: 'missing', system: extensions.system ?? extensions.service ?? '?' };
    default:
      return { kind: 'other', message };
  }
}

/** For a mutation: the same for every try of one intention, so that it takes effect once. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
