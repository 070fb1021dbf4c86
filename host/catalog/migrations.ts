/**
 * Numbered steps of the catalog's shape: step n brings version n to n + 1. Never change one that was released; add another.
 * Every row has a tenant.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE definitions (
    tenant TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('stream', 'table')),
    sql TEXT NOT NULL,
    temp INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
  ) STRICT;

  CREATE TABLE rules (
    tenant TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL,
    definition TEXT NOT NULL,
    triggered INTEGER NOT NULL,
    temp INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    generation TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
  ) STRICT;

  CREATE TABLE rule_streams (
    tenant TEXT NOT NULL,
    rule TEXT NOT NULL,
    stream TEXT NOT NULL,
    PRIMARY KEY (tenant, rule, stream),
    FOREIGN KEY (tenant, rule) REFERENCES rules (tenant, id) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX rule_streams_by_stream ON rule_streams (tenant, stream);

  CREATE TABLE plugins (
    tenant TEXT NOT NULL REFERENCES tenants (id),
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('source', 'sink', 'function')),
    names TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    tier TEXT NOT NULL CHECK (tier IN ('sandboxed', 'trusted')),
    asked TEXT NOT NULL,
    given TEXT NOT NULL,
    details TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, package, version, kind)
  ) STRICT;

  CREATE TABLE conf_keys (
    tenant TEXT NOT NULL REFERENCES tenants (id),
    kind TEXT NOT NULL CHECK (kind IN ('sources', 'sinks', 'connections')),
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    props TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, type, key)
  ) STRICT;

  CREATE TABLE checkpoints (
    tenant TEXT NOT NULL,
    rule TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    body BLOB,
    file TEXT,
    PRIMARY KEY (tenant, rule, epoch, number),
    FOREIGN KEY (tenant, rule) REFERENCES rules (tenant, id) ON DELETE CASCADE
  ) STRICT;
  `,
  `
  CREATE TABLE rule_plugins (
    tenant TEXT NOT NULL,
    rule TEXT NOT NULL,
    uses TEXT NOT NULL,
    PRIMARY KEY (tenant, rule),
    FOREIGN KEY (tenant, rule) REFERENCES rules (tenant, id) ON DELETE CASCADE
  ) STRICT;

  CREATE TABLE plugin_audit (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    what TEXT NOT NULL,
    rule TEXT NOT NULL,
    detail TEXT NOT NULL,
    result TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX plugin_audit_by_package ON plugin_audit (tenant, package, what);
  `,
  `
  CREATE TABLE keyed_states (
    tenant TEXT NOT NULL REFERENCES tenants (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant, key)
  ) STRICT;
  `,
]
