package dev.stoa.platform.resource;

import dev.stoa.api.DatabaseRequests.SqlAnswer;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;

/** The connections of people who type SQL: one for each session, closed when nobody has typed for a while. */
public final class SqlSessions implements AutoCloseable {
    static final Duration IDLE_MAX = Duration.ofMinutes(10);
    static final int SESSIONS_MAX = 100;

    private final Databases databases;
    private final Map<String, Session> sessions = new ConcurrentHashMap<>();

    public SqlSessions(Databases databases) {
        this.databases = databases;
    }

    private static final class Session {
        private final PromptStore store;
        private ScheduledFuture<?> end;

        Session(PromptStore store, ScheduledFuture<?> end) {
            this.store = store;
            this.end = end;
        }
    }

    /** @throws StoaException BAD_REQUEST with what PostgreSQL says against the statement */
    public SqlAnswer run(ResourceSpec spec, String name, String sql) {
        String key = spec.id() + "/" + name;
        Session session = sessions.computeIfAbsent(key, absent -> open(spec, absent));
        synchronized (session) {
            session.end.cancel(false);
            try {
                return session.store.run(sql);
            } catch (StoaException e) {
                if (session.store.isBroken()) {
                    close(key);
                }
                throw e;
            } finally {
                session.end = ending(key);
            }
        }
    }

    private Session open(ResourceSpec spec, String key) {
        if (sessions.size() >= SESSIONS_MAX) {
            throw new StoaException(
                    ErrorCode.TOO_BUSY,
                    "%d sessions of SQL are open already".formatted(SESSIONS_MAX),
                    "end some, or use psql with: stoa db url " + spec.name());
        }
        return new Session(databases.prompt(spec), ending(key));
    }

    private ScheduledFuture<?> ending(String key) {
        return Threads.after(IDLE_MAX, "sql-session-end", () -> close(key));
    }

    /** Ends a session; what it has not committed is undone. */
    public void close(ResourceSpec spec, String name) {
        close(spec.id() + "/" + name);
    }

    private void close(String key) {
        Session session = sessions.remove(key);
        if (session != null) {
            session.end.cancel(false);
            session.store.close();
        }
    }

    @Override
    public void close() {
        sessions.keySet().forEach(this::close);
    }
}
