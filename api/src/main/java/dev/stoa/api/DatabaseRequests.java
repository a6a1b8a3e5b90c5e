package dev.stoa.api;

import java.util.List;
import java.util.Optional;

/** The bodies of the requests on databases, and what some of them answer. */
public final class DatabaseRequests {
    private DatabaseRequests() {}

    /**
     * A database that is somewhere else.
     *
     * @param url such as {@code postgresql://user:password@host/name}
     * @param app that gets it at once
     * @param as  by which name that app knows it; absent: its own
     */
    public record Add(String name, String url, Optional<String> app, Optional<String> as) {}

    /** @param url one line, which psql takes, for use on the platform's machine */
    public record Url(String url) {}

    /**
     * @param session any word: statements of one session are in one connection, so that a transaction may take several
     * @param sql     a statement, or {@code \dt}, {@code \d} or {@code \d TABLE}
     */
    public record Sql(String session, String sql) {}

    /**
     * What a statement answered.
     *
     * @param columns none where it answers no rows
     * @param rows    a text for each column; absent is null
     * @param tag     such as {@code INSERT 1}
     * @param more    whether there were more rows than these
     */
    public record SqlAnswer(List<String> columns, List<List<Optional<String>>> rows, String tag, boolean more) {
        public SqlAnswer {
            columns = List.copyOf(columns);
            rows = List.copyOf(rows);
        }
    }
}
