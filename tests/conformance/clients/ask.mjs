// What a frontend does with its client, against a gateway: `node ask.mjs apollo|urql <url>` prints what came of it.
import { createHash } from 'node:crypto';

const [kind, url] = process.argv.slice(2);

const CLIENT = `
  query OneClient($id: ID!, $last: Int = 2) {
    client(id: $id) { ...Who accounts(last: $last) { ...What owner { id name } } }
  }
  fragment Who on Client { id name segment }
  fragment What on Account { number currency rate }
`;
const PAY = `
  mutation Pay($amount: Int!) { pay(account: "7", amount: $amount) { sequence account { number paid owner { id name } } } }
`;
const PAID = `query Paid { account(number: "7") { number paid } }`;
const PARTLY = `query Partly { client(id: "1") { id name } account(number: "8") { number balance } }`;
const WRONG = `query Wrong { client(id: "1") { nothing } }`;

// Every request as it goes out, and the status that came back.
const sent = [];
const fetching = async (where, options) => {
  const response = await fetch(where, options);
  const parsed = options.method === 'GET' ? Object.fromEntries(new URL(where).searchParams) : JSON.parse(options.body);
  sent.push({ method: options.method, query: Boolean(parsed.query), hash: Boolean(parsed.extensions), status: response.status });
  return response;
};

const steps = { apollo, urql };
console.log(JSON.stringify(await steps[kind]()));

async function apollo() {
  const { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } = await import('@apollo/client');
  const { PersistedQueryLink } = await import('@apollo/client/link/persisted-queries');

  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const client = (link) => new ApolloClient({ cache: new InMemoryCache(), link });
  const plain = client(new HttpLink({ uri: url, fetch: fetching }));
  const query = (document, variables) =>
    plain.query({ query: gql(document), variables, errorPolicy: 'all', fetchPolicy: 'network-only' }).then(told);
  const mutate = (document, variables) => plain.mutate({ mutation: gql(document), variables, errorPolicy: 'all' }).then(told);
  const told = ({ data, error }) => ({
    data: data ?? null,
    codes: CombinedGraphQLErrors.is(error) ? error.errors.map((each) => each.extensions.code) : error ? [String(error)] : [],
  });

  const answers = {
    client: await query(CLIENT, { id: '1' }),
    nobody: await query(CLIENT, { id: '9' }),
    paid: await mutate(PAY, { amount: 5 }),
    refused: await mutate(PAY, { amount: -5 }),
    after: await query(PAID),
    partly: await query(PARTLY),
    wrong: await query(WRONG),
  };
  // The mutation's answer has found its way into the cache: what it changed is read without asking.
  answers.cached = plain.readQuery({ query: gql(PAID) })?.account?.paid ?? null;

  const hashing = async (useGETForHashedQueries) => {
    sent.length = 0;
    const link = ApolloLink.from([
      new PersistedQueryLink({ sha256, useGETForHashedQueries }),
      new HttpLink({ uri: url, fetch: fetching }),
    ]);
    const name = useGETForHashedQueries ? 'ByGet' : 'ByPost';
    const document = gql(CLIENT.replace('OneClient', name));
    const results = [];
    for (let number = 0; number < 2; number++) {
      results.push(await client(link).query({ query: document, variables: { id: '1' } }).then(told));
    }
    return { results, sent: [...sent] };
  };
  return { ...answers, post: await hashing(false), get: await hashing(true) };
}

async function urql() {
  const { Client, cacheExchange, fetchExchange } = await import('@urql/core');
  const client = new Client({ url, exchanges: [cacheExchange, fetchExchange], fetch: fetching, preferGetMethod: false });
  const told = ({ data, error }) => ({
    data: data ?? null,
    codes: error ? (error.graphQLErrors.length ? error.graphQLErrors.map((each) => each.extensions.code) : [String(error)]) : [],
  });
  const query = (document, variables = {}) =>
    client.query(document, variables, { requestPolicy: 'network-only' }).toPromise().then(told);
  const mutate = (document, variables) => client.mutation(document, variables).toPromise().then(told);
  return {
    client: await query(CLIENT, { id: '1' }),
    nobody: await query(CLIENT, { id: '9' }),
    paid: await mutate(PAY, { amount: 5 }),
    refused: await mutate(PAY, { amount: -5 }),
    after: await query(PAID),
    partly: await query(PARTLY),
    wrong: await query(WRONG),
  };
}
