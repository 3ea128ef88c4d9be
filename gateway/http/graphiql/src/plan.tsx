// The pane that draws how the operation in the editor is answered: each request a row, what waits for what as lines on
// the left, and after a run how long each took, as bars on one common scale of time.

import { useGraphiQL } from '@graphiql/react';
import type { GraphiQLPlugin } from '@graphiql/react';
import { parse, print } from 'graphql';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { CSSProperties } from 'react';

import { planOf } from './graph';
import type { Asked, Plan, Request, Runs, Sent } from './graph';
import type { Session } from './session';

const ROW = 64; // pixels; page.css has the same
const STEP = 18; // between two depths
const EDGE = 14; // from the left to the first node
const PAUSE = 500; // ms without a keystroke before the editor's plan is asked for

type Shown = { plan: Plan; ran: boolean } | { problem: string } | undefined;

export function planPlugin(session: Session, runs: Runs): GraphiQLPlugin {
  return {
    title: 'Query plan',
    icon: PlanIcon,
    content: () => <Pane session={session} runs={runs} />,
  };
}

function PlanIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
      <circle cx="5" cy="5" r="2.5" />
      <circle cx="17" cy="12" r="2.5" />
      <circle cx="17" cy="20" r="2.5" />
      <path d="M5 7.5V12h9.5M5 12v8h9.5" />
    </svg>
  );
}

function Pane({ session, runs }: { session: Session; runs: Runs }) {
  const shown = useShown(session, runs);
  return (
    <section className="plan" aria-label="Query plan">
      <div className="graphiql-doc-explorer-title">Query plan</div>
      {shown === undefined ? (
        <p className="plan-note">Write a query: how it is answered appears here.</p>
      ) : 'problem' in shown ? (
        <p className="plan-note" role="status">
          No plan: {shown.problem}
        </p>
      ) : (
        <Drawing plan={shown.plan} ran={shown.ran} />
      )}
    </section>
  );
}

/** The plan of what is in the editor; with its times where that is what ran last. */
function useShown(session: Session, runs: Runs): Shown {
  const asked = useEditor();
  const last = useSyncExternalStore(runs.subscribe, () => runs.last);
  const [found, setFound] = useState<Shown>();
  const ran = last !== undefined && asked !== undefined && same(last.asked, asked);
  useEffect(() => {
    if (asked === undefined || ran) return;
    let wanted = true;
    planOf(asked, session).then(
      (plan) => wanted && setFound({ plan, ran: false }),
      (error: Error) => wanted && setFound({ problem: error.message }),
    );
    return () => {
      wanted = false;
    };
  }, [asked, ran, session]);
  if (asked === undefined) return undefined;
  return ran ? { plan: last.plan, ran } : found;
}

/** What would be asked if the button were pressed now; undefined for an empty editor. */
function useEditor(): Asked | undefined {
  const { queryEditor, variableEditor, operationName } = useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
    operationName: state.operationName,
  }));
  const [text, setText] = useState({ query: '', variables: '' });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => setText({ query: queryEditor?.getValue() ?? '', variables: variableEditor?.getValue() ?? '' });
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(read, PAUSE);
    };
    read();
    const listening = [queryEditor, variableEditor].map((editor) => editor?.onDidChangeModelContent(later));
    return () => {
      clearTimeout(timer);
      for (const each of listening) each?.dispose();
    };
  }, [queryEditor, variableEditor]);
  const [asked, setAsked] = useState<Asked>();
  useEffect(() => {
    const variables = objectIn(text.variables);
    setAsked(text.query.trim() === '' ? undefined : { query: text.query, operationName, variables });
  }, [text, operationName]);
  return asked;
}

function objectIn(text: string): unknown {
  try {
    return JSON.parse(text || '{}');
  } catch {
    return {}; // half typed
  }
}

function same(one: Asked, other: Asked): boolean {
  const key = ({ query, operationName, variables }: Asked) =>
    JSON.stringify([query.trim(), operationName ?? null, variables ?? {}]);
  return key(one) === key(other);
}

function Drawing({ plan, ran }: { plan: Plan; ran: boolean }) {
  const [chosen, setChosen] = useState<number>();
  const { requests } = plan;
  if (requests.length === 0) return <p className="plan-note">No system is asked: the gateway knows the answer.</p>;
  const depths = depthsOf(requests);
  const gutter = EDGE * 2 + STEP * Math.max(...depths.values());
  const whole = Math.max(0.01, ...requests.flatMap(({ sent }) => (sent ?? []).map(endOf)));
  const selected = requests.find(({ id }) => id === chosen);
  return (
    <>
      <p className="plan-note">{summary(requests, ran, whole)}</p>
      <div className="plan-drawing" style={{ '--gutter': `${gutter}px` } as CSSProperties}>
        <Lines requests={requests} depths={depths} width={gutter} />
        <ol>
          {requests.map((request) => (
            <li key={request.id}>
              <button
                type="button"
                className="plan-request"
                aria-expanded={request.id === chosen}
                onClick={() => setChosen(request.id === chosen ? undefined : request.id)}
              >
                <Row request={request} requests={requests} whole={whole} />
              </button>
            </li>
          ))}
        </ol>
      </div>
      {selected && <Document request={selected} />}
    </>
  );
}

function Row({ request, requests, whole }: { request: Request; requests: Request[]; whole: number }) {
  const awaited = request.waitsFor.map((id) => numberOf(id, requests));
  return (
    <>
      <span className="plan-head">
        <span className="plan-service">
          {numberOf(request.id, requests)}. {request.service}
        </span>
        <span className="plan-times">{times(request.sent)}</span>
      </span>
      <span className="plan-place">
        <span className="plan-path">{request.kind === 'entities' ? request.paths.join(', ') : request.kind}</span>
        {awaited.length > 0 && <span>waits for {awaited.join(', ')}</span>}
      </span>
      <span className="plan-scale" aria-hidden="true">
        {request.sent?.map((sent, index) => (
          <span
            key={index}
            className="plan-bar"
            style={{
              left: `${(100 * sent.startMs) / whole}%`,
              width: `max(3px, ${(100 * sent.durationMs) / whole}%)`,
              background: colourOf(request.service),
            }}
          />
        ))}
      </span>
    </>
  );
}

/** From each request to those that wait for it, without what follows from other lines. */
function Lines({ requests, depths, width }: { requests: Request[]; depths: Map<number, number>; width: number }) {
  const places = new Map(
    requests.map(({ id }, index) => [id, { x: EDGE + STEP * depths.get(id)!, y: ROW * index + 20 }] as const),
  );
  return (
    <svg className="plan-lines" width={width} height={ROW * requests.length} aria-hidden="true">
      {requests.flatMap((request) =>
        directly(request, requests).map((id) => {
          const [from, to] = [places.get(id)!, places.get(request.id)!];
          const bend = Math.min(10, to.x - from.x);
          return (
            <path
              key={`${id}-${request.id}`}
              d={`M${from.x} ${from.y}V${to.y - bend}Q${from.x} ${to.y} ${from.x + bend} ${to.y}H${to.x}`}
            />
          );
        }),
      )}
      {requests.map((request) => {
        const { x, y } = places.get(request.id)!;
        return <circle key={request.id} cx={x} cy={y} r="6" fill={colourOf(request.service)} />;
      })}
    </svg>
  );
}

function Document({ request }: { request: Request }) {
  return (
    <figure className="plan-document">
      <figcaption>What {request.service} is asked</figcaption>
      <pre tabIndex={0}>{print(parse(request.document))}</pre>
    </figure>
  );
}

function summary(requests: Request[], ran: boolean, whole: number): string {
  const systems = new Set(requests.map(({ service }) => service)).size;
  const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const counted = `${plural(requests.length, 'request')} to ${plural(systems, 'system')}`;
  return ran ? `${counted}, the last run took ${whole.toFixed(1)} ms in them.` : `${counted}. Run it to see the times.`;
}

function times(sent: Sent[] | null): string {
  if (sent === null) return '';
  if (sent.length === 0) return 'not asked';
  const entities = sent.reduce((sum, each) => sum + each.entities, 0);
  const milliseconds = sent.reduce((sum, each) => sum + each.durationMs, 0).toFixed(1);
  const named = entities > 0 ? `${entities} ${entities === 1 ? 'entity' : 'entities'} · ` : '';
  return `${named}${milliseconds} ms${sent.length > 1 ? ` in ${sent.length} calls` : ''}`;
}

const endOf = (sent: Sent) => sent.startMs + sent.durationMs;

/** People count from one. */
const numberOf = (id: number, requests: Request[]) => requests.findIndex((request) => request.id === id) + 1;

/** How many requests wait for one another before each; the plan lists what is waited for first. */
function depthsOf(requests: Request[]): Map<number, number> {
  const depths = new Map<number, number>();
  for (const { id, waitsFor } of requests) {
    depths.set(id, Math.max(0, ...waitsFor.map((each) => depths.get(each)! + 1)));
  }
  return depths;
}

/** Those it waits for that none of the others waits for. */
function directly({ waitsFor }: Request, requests: Request[]): number[] {
  const byId = new Map(requests.map((request) => [request.id, request]));
  const behind = (id: number): number[] => byId.get(id)!.waitsFor.flatMap((each) => [each, ...behind(each)]);
  const further = new Set(waitsFor.flatMap(behind));
  return waitsFor.filter((id) => !further.has(id));
}

/** The same for a system everywhere, readable on light and dark. */
function colourOf(service: string): string {
  let hash = 0;
  for (const letter of service) hash = (hash * 31 + letter.codePointAt(0)!) % 3600;
  return `hsl(${(hash * 137.5) % 360} 62% 52%)`;
}
