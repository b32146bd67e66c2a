"""Row-level security: two database roles that see what a coach and operations may see, whatever a statement forgets.

One policy a role: a single one with OR is thirty times slower at a million rows (docs/security.md). It is enabled and
not forced, so the tables' owner, who runs workers, reconcilers and migrations, is not bound.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

COACH, OPS = "transcript_coach", "transcript_ops"
ME = "current_setting('desk.account', true)"
OWN = f"owner = {ME}"
MY_SESSION = f"EXISTS (SELECT FROM session WHERE session.id = {{}}.session_id AND session.{OWN})"
# table: what both roles may do there, and which rows a coach has to do with; operations have to do with all
SESSIONS = {
    "session": ("SELECT, INSERT, UPDATE, DELETE", OWN),
    "upload": ("SELECT, INSERT, DELETE", OWN),
    "processing_status": ("SELECT, INSERT", MY_SESSION),
    "attempt": ("SELECT, UPDATE", MY_SESSION),
    "transcript_chunk": ("SELECT", MY_SESSION),
    "transcript_segment": ("SELECT", MY_SESSION),
    "remote_operation": ("SELECT", MY_SESSION),
}
CLOSED = ("account", "engine_stop")  # no policy: nobody but the owner, except for what follows
TABLES = (*SESSIONS, "api_token", "audit", *CLOSED)

MAKE_ROLE = """
DO $$
DECLARE ours boolean;
BEGIN
    BEGIN
        CREATE ROLE {role} NOLOGIN;
    EXCEPTION WHEN duplicate_object THEN NULL;  -- roles belong to the whole server: another database's desk made it
    END;
    IF current_setting('server_version_num')::int >= 160000 THEN
        ours := pg_has_role(current_user, '{role}', 'SET');
    ELSE
        ours := pg_has_role(current_user, '{role}', 'MEMBER');
    END IF;
    IF NOT ours THEN
        GRANT {role} TO CURRENT_USER;
    END IF;
END $$
"""

DROP_POLICIES = """
DO $$
DECLARE rule text;
BEGIN
    FOR rule IN SELECT policyname FROM pg_policies WHERE schemaname = current_schema AND tablename = '{table}' LOOP
        EXECUTE format('DROP POLICY %I ON {table}', rule);
    END LOOP;
END $$
"""


def upgrade() -> None:
    for role in (COACH, OPS):
        op.execute(MAKE_ROLE.format(role=role))
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    for table, (may, rows) in SESSIONS.items():
        op.execute(f"GRANT {may} ON {table} TO {COACH}, {OPS}")
        op.execute(f"CREATE POLICY {table}_coach ON {table} TO {COACH} USING ({rows.format(table)})")
        op.execute(f"CREATE POLICY {table}_ops ON {table} TO {OPS} USING (true)")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON api_token TO {COACH}, {OPS}")
    op.execute(f"CREATE POLICY api_token_own ON api_token TO {COACH}, {OPS} USING (account_id = {ME})")
    op.execute(f"GRANT SELECT, INSERT ON audit TO {COACH}, {OPS}")
    op.execute(f"CREATE POLICY audit_add ON audit FOR INSERT TO {COACH}, {OPS} WITH CHECK (actor = {ME})")
    op.execute(f"CREATE POLICY audit_coach ON audit FOR SELECT TO {COACH} USING (actor = {ME})")
    op.execute(f"CREATE POLICY audit_ops ON audit FOR SELECT TO {OPS} USING (true)")
    op.execute(f"GRANT SELECT, UPDATE ON engine_stop TO {OPS}")
    op.execute(f"CREATE POLICY engine_stop_ops ON engine_stop TO {OPS} USING (true)")


def downgrade() -> None:
    """The roles stay: other databases of the server may need them, and without grants they can do nothing."""
    for table in TABLES:
        op.execute(DROP_POLICIES.format(table=table))
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM {COACH}, {OPS}")
