// Hive Gateway with a secret for the subgraphs, and with Hive Router's planner: its older one, in JavaScript, says that
// what LatestRates asks can't be had (`contractRates` requires a list of objects).
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

const headers = [
  ['spojka-secret', process.env.SUBGRAPH_SECRET],
  ['spojka-caller', 'hive'],
];

export const gatewayConfig = {
  logging: 'error',
  transportEntries: { '*.http': { headers } },
  unifiedGraphHandler,
};
