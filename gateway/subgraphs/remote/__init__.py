"""Subgraphs elsewhere: GraphQL over HTTP.

settings    what each is set to                  headers     what goes along, what comes back
connecting  pooled HTTP: bytes to bytes          breaking    one that is down is left alone for a while
sharing     equal queries in flight share one    reading     bytes -> SubgraphAnswer
subgraph    all of it together, as a Subgraph    faults      whatever goes wrong, each with its code
"""
