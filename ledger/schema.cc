#include "ledger/schema.h"

#include <array>

#include "base/error.h"

namespace redoubt::ledger {

namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE redoubt_owner (
  token text PRIMARY KEY,
  machine text NOT NULL, host text NOT NULL, pid bigint NOT NULL, started bigint NOT NULL,
  lease_until bigint NOT NULL);
CREATE TABLE redoubt_session (
  id text PRIMARY KEY,
  kind text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'stopped')),
  config_file text NOT NULL, config_hash text NOT NULL, config text NOT NULL,
  tool_version text NOT NULL, summary text NOT NULL,
  started bigint NOT NULL, updated bigint NOT NULL, run_seconds double precision NOT NULL,
  owner text);
CREATE TABLE redoubt_unit (
  session text NOT NULL REFERENCES redoubt_session (id) ON DELETE CASCADE,
  planned bigint NOT NULL,
  subject text NOT NULL, number bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed')),
  attempt bigint NOT NULL,
  owner text,
  plan text NOT NULL, result text, checksum bigint,
  error_code text, error text,
  started bigint, finished bigint,
  PRIMARY KEY (session, subject, number),
  CHECK ((state = 'done') = (result IS NOT NULL AND checksum IS NOT NULL)),
  CHECK ((state = 'running') = (owner IS NOT NULL)));
CREATE INDEX redoubt_unit_by_state ON redoubt_unit (session, state, planned);
CREATE TABLE redoubt_operation (
  id text PRIMARY KEY,
  kind text NOT NULL, object text NOT NULL, session text, parent text,
  state text NOT NULL CHECK (state IN ('pending', 'in_progress', 'success', 'failed', 'rolled_back')),
  phase text NOT NULL, rollback_possible bigint NOT NULL,
  facts text NOT NULL, error_code text, error text,
  owner text, created bigint NOT NULL, started bigint, finished bigint);
CREATE UNIQUE INDEX redoubt_operation_active ON redoubt_operation (object) WHERE state IN ('pending', 'in_progress');
CREATE TABLE redoubt_checkpoint (
  stream text NOT NULL, number bigint NOT NULL, made bigint NOT NULL,
  body text NOT NULL, checksum bigint NOT NULL,
  PRIMARY KEY (stream, number));
CREATE TABLE redoubt_point (
  name text PRIMARY KEY,
  database text NOT NULL, position text NOT NULL, time bigint NOT NULL, created bigint NOT NULL,
  guaranteed bigint NOT NULL, protected bigint NOT NULL,
  batch text NOT NULL, step text NOT NULL, attempt bigint NOT NULL, note text NOT NULL);
CREATE TABLE redoubt_setting (key text PRIMARY KEY, value text NOT NULL);
)sql";

constexpr std::array<std::string_view, kVersion> kUpgrades = {kFirst};

}  // namespace

std::string_view upgrade_from(int from) {
  REDOUBT_ASSERT(from >= 0 && from < kVersion);
  return kUpgrades[static_cast<std::size_t>(from)];
}

}  // namespace redoubt::ledger
