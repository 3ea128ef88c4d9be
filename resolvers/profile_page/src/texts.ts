// What the page says, in English and Czech, and how it writes numbers, money and time.

const ENGLISH = {
  title: 'Client profiles',
  console: 'GraphiQL',
  search: 'Client’s name, IČO, or number of an account',
  hint: 'Find a client by name (with or without diacritics) or IČO, or an account by its number.',
  examples: 'In the demo for example',
  role: 'Role',
  token: 'Token',
  pasteToken: 'paste a token',
  use: 'Use',
  held: 'A token is held',
  language: 'Česky',
  loading: 'Loading…',
  clients: 'Clients',
  noClients: 'No client has this name or IČO.',
  more: 'More',
  openAccount: 'Open account',
  client: 'Client',
  companyNumber: 'IČO',
  vatNumber: 'DIČ',
  salesperson: 'Salesperson',
  email: 'E-mail',
  address: 'Address',
  contacts: 'Contacts',
  contracts: 'Contracts',
  number: 'Number',
  status: 'Status',
  validity: 'Valid',
  since: 'since',
  until: 'until',
  currency: 'Currency',
  accounts: 'Billing accounts',
  account: 'Account',
  period: 'Current period',
  noPeriod: 'no period has begun',
  unbilled: 'Not billed yet',
  openInvoices: 'Open invoices',
  due: 'due',
  dueOn: 'Due',
  calls: 'Last calls',
  noCall: 'no call records',
  people: 'participants',
  person: 'participant',
  duration: 'Duration',
  start: 'Start',
  owner: 'Owner',
  cycleDay: 'Billed from day',
  terms: 'Due in',
  days: 'days',
  rates: 'Rates in force',
  nextRates: 'Next rates',
  noRates: 'No contract is in force.',
  version: 'version',
  contract: 'Contract',
  service: 'Service',
  band: 'Band',
  perMinute: 'Per minute',
  increments: 'Billed by',
  minimum: 'Minimum',
  callsToInvoice: 'Calls not charged yet',
  conference: 'Conference',
  makeInvoice: 'Put on invoice',
  lastTry: 'last try',
  invoices: 'Invoices and drafts',
  invoice: 'Invoice',
  draft: 'Draft of an invoice',
  issued: 'Issued',
  taxPoint: 'Tax point',
  total: 'Total',
  base: 'Base',
  vat: 'VAT',
  vatRate: 'Rate',
  line: 'Line',
  lines: 'Lines',
  quantity: 'Quantity',
  unitPrice: 'Price per minute',
  net: 'Net',
  issue: 'Issue',
  issueQuestion: 'Issue this invoice? It gets its number and never changes again.',
  cancel: 'Cancel',
  none: 'none',
  unknownClient: 'There is no client with this id.',
  unknownAccount: 'There is no account with this number.',
  unknownInvoice: 'There is no invoice with this id.',
  forbidden: 'not allowed',
  forbiddenTitle: 'Your role may not see this.',
  missing: (system: string) => `${system} is down`,
  missingAll: (systems: string) => `Not answering now: ${systems}. What it knows is marked as missing below.`,
  unreachable: 'The server can’t be reached. Try again later.',
  unauthenticated: 'Sign in first: paste a token.',
};

type Texts = typeof ENGLISH;

const CZECH: Texts = {
  title: 'Profily klientů',
  console: 'GraphiQL',
  search: 'Jméno klienta, IČO nebo číslo účtu',
  hint: 'Najděte klienta podle jména (i bez háčků a čárek) nebo IČO, nebo účet podle čísla.',
  examples: 'V ukázce například',
  role: 'Role',
  token: 'Token',
  pasteToken: 'vložte token',
  use: 'Použít',
  held: 'Token je vložen',
  language: 'English',
  loading: 'Načítá se…',
  clients: 'Klienti',
  noClients: 'Žádný klient nemá takové jméno ani IČO.',
  more: 'Další',
  openAccount: 'Otevřít účet',
  client: 'Klient',
  companyNumber: 'IČO',
  vatNumber: 'DIČ',
  salesperson: 'Obchodník',
  email: 'E-mail',
  address: 'Adresa',
  contacts: 'Kontakty',
  contracts: 'Smlouvy',
  number: 'Číslo',
  status: 'Stav',
  validity: 'Platnost',
  since: 'od',
  until: 'do',
  currency: 'Měna',
  accounts: 'Fakturační účty',
  account: 'Účet',
  period: 'Současné období',
  noPeriod: 'žádné období nezačalo',
  unbilled: 'Zatím nefakturováno',
  openInvoices: 'Nezaplacené faktury',
  due: 'splatná',
  dueOn: 'Splatnost',
  calls: 'Poslední hovory',
  noCall: 'bez záznamu hovoru',
  people: 'účastníků',
  person: 'účastník',
  duration: 'Trvání',
  start: 'Začátek',
  owner: 'Majitel',
  cycleDay: 'Fakturuje se od dne',
  terms: 'Splatnost',
  days: 'dní',
  rates: 'Platné sazby',
  nextRates: 'Příští sazby',
  noRates: 'Žádná smlouva neplatí.',
  version: 'verze',
  contract: 'Smlouva',
  service: 'Služba',
  band: 'Pásmo',
  perMinute: 'Za minutu',
  increments: 'Účtuje se po',
  minimum: 'Nejméně',
  callsToInvoice: 'Hovory bez účtování',
  conference: 'Konference',
  makeInvoice: 'Vyfakturovat',
  lastTry: 'poslední pokus',
  invoices: 'Faktury a koncepty',
  invoice: 'Faktura',
  draft: 'Koncept faktury',
  issued: 'Vystavena',
  taxPoint: 'DUZP',
  total: 'Celkem',
  base: 'Základ',
  vat: 'DPH',
  vatRate: 'Sazba',
  line: 'Položka',
  lines: 'Položky',
  quantity: 'Množství',
  unitPrice: 'Cena za minutu',
  net: 'Bez daně',
  issue: 'Vystavit',
  issueQuestion: 'Vystavit tuto fakturu? Dostane číslo a už se nikdy nezmění.',
  cancel: 'Zrušit',
  none: 'nic',
  unknownClient: 'Klient s tímto označením není.',
  unknownAccount: 'Účet s tímto číslem není.',
  unknownInvoice: 'Faktura s tímto označením není.',
  forbidden: 'není dovoleno',
  forbiddenTitle: 'Vaše role to nesmí vidět.',
  missing: (system: string) => `${system} neodpovídá`,
  missingAll: (systems: string) => `Teď neodpovídá: ${systems}. Co ví, je níže označeno jako chybějící.`,
  unreachable: 'Server není dostupný. Zkuste to později.',
  unauthenticated: 'Nejdříve se přihlaste: vložte token.',
};

const CZECH_WORDS: Record<string, string> = {
  DRAFT: 'koncept',
  SIGNED: 'podepsaná',
  TERMINATED: 'ukončená',
  OPEN: 'otevřené',
  CLOSING: 'uzavírá se',
  CLOSED: 'uzavřené',
  ISSUED: 'vystavená',
  PARTLY_PAID: 'zčásti zaplacená',
  PAID: 'zaplacená',
  CREDITED: 'dobropisovaná',
  CONFIRMED: 'potvrzená',
  PROVISIONED: 'připravená',
  IN_CALL: 'probíhá',
  COMPLETED: 'proběhla',
  NO_SHOW: 'nikdo nepřišel',
  CANCELLED: 'zrušená',
  FAILED: 'nezdařila se',
  'dial-in': 'volání dovnitř',
  'dial-out': 'volání ven',
  'toll-free': 'bezplatná linka',
  peak: 'špička',
  'off-peak': 'mimo špičku',
};

const LANGUAGE = 'spojka:language';
const HOUSE_ZONE = 'Europe/Prague'; // where the company's days begin

const isCzech = (localStorage.getItem(LANGUAGE) ?? navigator.language).startsWith('cs');

export const language = isCzech ? 'cs' : 'en';
export const texts = isCzech ? CZECH : ENGLISH;

export function otherLanguage(): void {
  localStorage.setItem(LANGUAGE, isCzech ? 'en' : 'cs');
  location.reload();
}

const LOCALE = isCzech ? 'cs-CZ' : 'en-GB';

/** A word of the graph: PARTLY_PAID -> "partly paid". */
export function word(value: string): string {
  return (isCzech && CZECH_WORDS[value]) || value.toLowerCase().replaceAll('_', ' ');
}

type Money = { amount: string; currency: string };

/** Exact: the amount is a decimal in a string and stays one. Prices may have more places than money. */
export function money({ amount, currency }: Money): string {
  const places = Math.max(2, amount.split('.')[1]?.length ?? 0);
  const format = new Intl.NumberFormat(LOCALE, { style: 'currency', currency, minimumFractionDigits: places });
  return format.format(amount as unknown as number);
}

export function decimal(value: string): string {
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 6 }).format(value as unknown as number);
}

const DATE: Intl.DateTimeFormatOptions = { dateStyle: 'medium' };

/** A day of the calendar. */
export function day(value: string): string {
  return new Intl.DateTimeFormat(LOCALE, { ...DATE, timeZone: 'UTC' }).format(new Date(`${value}T00:00:00Z`));
}

export function instant(value: string): string {
  const format = new Intl.DateTimeFormat(LOCALE, { ...DATE, timeStyle: 'short', timeZone: HOUSE_ZONE });
  return format.format(new Date(value));
}

/** [from, to) in days of the house: the last day is the one before `to`. */
export function days(from: string, to: string): string {
  const format = new Intl.DateTimeFormat(LOCALE, { ...DATE, timeZone: HOUSE_ZONE });
  return format.formatRange(new Date(from), new Date(Date.parse(to) - 1));
}

/** 3025 -> "50:25" */
export function duration(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [first, ...rest] = parts[0] === 0 ? parts.slice(1) : parts;
  return [String(first), ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
}
