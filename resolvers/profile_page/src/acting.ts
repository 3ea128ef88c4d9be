// A button that changes something: asks first where that can't be undone, and says beside it why it was refused.

import { h } from './dom';
import type { Child } from './dom';
import { ask, newKey, Unanswered } from './graph';
import type { Seen } from './graph';
import { note } from './showing';
import type { Session } from './session';
import { texts } from './texts';

type Action = { document: string; variables: object; question?: string; done: (answer: Seen) => void };

export function act(session: Session, label: string, action: Action): HTMLElement {
  const key = newKey(); // pressed again after a failure, it is still the same intention
  const outcome = h('span', { role: 'status' });
  const button = h('button', { type: 'button', class: 'primary', onclick: () => void press() }, label);
  const press = async () => {
    if (action.question && !(await confirmed(action.question, label))) return;
    button.disabled = true;
    const refusal = await attempt(session, { ...action, variables: { ...action.variables, key } });
    button.disabled = false;
    outcome.replaceChildren(...(refusal ? [refusal] : []));
  };
  return h('p', { class: 'action' }, button, outcome);
}

/** Why it came to nothing; undefined when it was done. */
async function attempt(session: Session, { document, variables, done }: Action): Promise<Node | undefined> {
  try {
    const answer = await ask(session, document, variables);
    const [field] = Object.keys(answer.value as object);
    const result = answer.at(field!);
    if (!result.isThere) return note(result.problem ?? { kind: 'other', message: texts.unreachable });
    if (result.at('__typename').value === 'Refused') {
      return note({ kind: 'other', message: `${result.at('message').text} (${result.at('code').text})` });
    }
    done(answer);
    return undefined;
  } catch (error) {
    return note({ kind: 'other', message: error instanceof Unanswered ? error.message : texts.unreachable });
  }
}

function confirmed(question: string, label: string): Promise<boolean> {
  const close = (value: string) => () => dialog.close(value);
  const buttons: Child[] = [
    h('button', { type: 'button', onclick: close('') }, texts.cancel),
    h('button', { type: 'button', class: 'primary', onclick: close('yes') }, label),
  ];
  const dialog = h('dialog', {}, h('p', {}, question), h('p', { class: 'action' }, ...buttons));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}
