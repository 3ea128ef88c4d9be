// Who asks: a role of the demo, or a token that was pasted. Tokens stay in this page's memory; of a role only its name is
// kept, until the tab is closed.

export type Role = { role: string; subject: string };

const ROLE = 'spojka:role';

export class Session {
  readonly roles: Role[];
  role: Role | undefined;
  #token: string | undefined;

  private constructor(roles: Role[]) {
    this.roles = roles;
    const kept = sessionStorage.getItem(ROLE);
    this.role = roles.find(({ role }) => role === kept) ?? roles[0];
  }

  /** With the demo's roles; none where the server isn't a demo. */
  static async open(): Promise<Session> {
    const response = await fetch('/demo/roles');
    return new Session(response.ok ? await response.json() : []);
  }

  become(role: string): void {
    this.role = this.roles.find((each) => each.role === role);
    this.#token = undefined;
    sessionStorage.setItem(ROLE, role);
  }

  paste(token: string): void {
    this.#token = token.trim().replace(/^Bearer /i, '') || undefined;
  }

  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  async headers(): Promise<Record<string, string>> {
    if (this.role && this.#token === undefined) {
      const response = await fetch(`/demo/token?role=${encodeURIComponent(this.role.role)}`);
      if (response.ok) this.#token = (await response.json()).token;
    }
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }

  /** Whether a new token may help: the demo's are short-lived. */
  forget(): boolean {
    if (!this.role) return false;
    this.#token = undefined;
    return true;
  }

  /** Only to leave out buttons that would be refused; it is the server that decides. */
  may(scope: string): boolean {
    try {
      const claims = JSON.parse(atob(this.#token!.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')));
      return typeof claims.scope !== 'string' || claims.scope.split(' ').includes(scope);
    } catch {
      return true;
    }
  }
}
