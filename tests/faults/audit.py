"""Triggers in the suite's own database that write down what happened to every session, whatever the product says.

`audit_transition` has each change of a status, `audit_look` each claim of a session that went on being processed
(`parked` says whether nobody held it then), `audit_write` each chunk and segment with the claim that the session had
when it was written. The checker compares them with the product's own history. They write as the tables' owner, for
whomever the product acts.
"""

import time
from contextlib import closing

import psycopg2

PATIENCE_SEC, POLL_SEC = 60.0, 0.2

STATEMENTS = """
CREATE TABLE IF NOT EXISTS audit_transition (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session_id uuid, before text, after text, claim_no bigint,
    at timestamptz DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS audit_write (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session_id uuid, kind text, start_sec double precision,
    claim_no bigint, holder bigint, status text, at timestamptz DEFAULT clock_timestamp()
);
CREATE OR REPLACE FUNCTION audit_status() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO audit_transition (session_id, before, after, claim_no)
    VALUES (NEW.id, CASE TG_OP WHEN 'UPDATE' THEN OLD.status END, NEW.status, NEW.claim_no);
    RETURN NULL;
END $$;
CREATE TABLE IF NOT EXISTS audit_look (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session_id uuid, before bigint, claim_no bigint, parked boolean
);
CREATE OR REPLACE FUNCTION audit_claim() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO audit_look (session_id, before, claim_no, parked)
    VALUES (NEW.id, OLD.claim_no, NEW.claim_no,
            NEW.status = 'processing' AND OLD.next_run_at <= clock_timestamp() AND NEW.next_run_at IS NULL);
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO audit_write (session_id, kind, start_sec, claim_no, holder, status)
    SELECT NEW.session_id, TG_TABLE_NAME, NEW.start_sec, NEW.claim_no, session.claim_no, session.status
    FROM session WHERE id = NEW.session_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audit_created AFTER INSERT ON session FOR EACH ROW EXECUTE FUNCTION audit_status();
CREATE OR REPLACE TRIGGER audit_changed AFTER UPDATE OF status ON session FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION audit_status();
CREATE OR REPLACE TRIGGER audit_looked AFTER UPDATE OF claim_no ON session FOR EACH ROW
    WHEN (OLD.status = NEW.status AND OLD.claim_no IS DISTINCT FROM NEW.claim_no) EXECUTE FUNCTION audit_claim();
CREATE OR REPLACE TRIGGER audit_chunk AFTER INSERT ON transcript_chunk FOR EACH ROW EXECUTE FUNCTION audit_words();
CREATE OR REPLACE TRIGGER audit_segment AFTER INSERT ON transcript_segment FOR EACH ROW EXECUTE FUNCTION audit_words();
"""


def install(database_url: str) -> None:
    """Make tables and triggers; may be repeated. Postgres may be starting again at this moment: it is waited for."""
    deadline = time.monotonic() + PATIENCE_SEC
    while True:
        try:
            with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
                cursor.execute(STATEMENTS)
            return
        except psycopg2.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SEC)
