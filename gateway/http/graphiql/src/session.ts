// Who asks: a role of the demo, or a token that somebody pasted. Tokens stay in this page's memory; of a role only its
// name is kept, until the tab is closed.

export type Role = { role: string; subject: string };

const ROLE = 'spojka:role';

/** The demo's roles; none where this server isn't a demo. */
export async function demoRoles(): Promise<Role[]> {
  const response = await fetch('/demo/roles');
  return response.ok ? await response.json() : [];
}

export function chosenRole(roles: Role[]): Role | undefined {
  const kept = sessionStorage.getItem(ROLE);
  return kept === '' ? undefined : (roles.find(({ role }) => role === kept) ?? roles[0]);
}

export class Session {
  #token: string | undefined;
  readonly role: Role | undefined;

  constructor(role: Role | undefined, token?: string) {
    this.role = role;
    this.#token = token;
  }

  keep(): void {
    sessionStorage.setItem(ROLE, this.role?.role ?? '');
  }

  /** The header that says who asks; nothing for nobody. */
  async headers(): Promise<Record<string, string>> {
    this.#token ??= this.role && (await demoToken(this.role.role));
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }

  /** Whether a new token may help: the demo's are short-lived, a pasted one is somebody else's to renew. */
  forget(): boolean {
    if (!this.role) return false;
    this.#token = undefined;
    return true;
  }
}

async function demoToken(role: string): Promise<string> {
  const response = await fetch(`/demo/token?role=${encodeURIComponent(role)}`);
  if (!response.ok) throw new Error(`no token for ${role}: status ${response.status}`);
  return (await response.json()).token;
}
