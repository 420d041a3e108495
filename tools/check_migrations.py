"""Migrations go up, down and up again on an empty database, models and schema agree, and squawk finds no danger."""

import subprocess
import sys
import tempfile
from pathlib import Path

from dispatch.db.migrate import check, downgrade, offline_sql, upgrade
from dispatch.embedded.database import ensure_database
from dispatch.embedded.server import EmbeddedPostgres

# Not dangers here: new tables are empty, each migration runs in its own transaction with lock and statement time-outs
# set in migrations/env.py, and `call`, `unit` and the like are the field's words.
EXCLUDED = ",".join(
    (
        "prefer-robust-stmts",
        "require-timeout-settings",
        "prefer-identity",
        "prefer-bigint-over-int",
        "ban-drop-table",
        "require-concurrent-index-creation",
        "prefer-text-field",
    )
)


def main() -> int:
    """0 when all is well."""
    with tempfile.TemporaryDirectory() as folder:
        with EmbeddedPostgres(Path(folder), durable=False) as connection:
            ensure_database(connection, "migrations")
            url = connection.url("migrations")
            upgrade(url)
            check(url)
            downgrade(url, "base")
            upgrade(url)
            check(url)
        script = Path(folder) / "migrations.sql"
        script.write_text(offline_sql())
        squawk = Path(sys.executable).with_name("squawk")
        found = subprocess.run([squawk, "--exclude", EXCLUDED, script], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        print(found.stdout, found.stderr, file=sys.stderr)
        return 1
    print("migrations: up, down, up; models agree; squawk finds nothing")
    return 0


if __name__ == "__main__":
    sys.exit(main())
