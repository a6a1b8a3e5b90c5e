package dev.stoa.api;

import java.util.List;

/** What goes on in a database: each part is a table of text with its column names first. */
public record DatabaseInsight(Rows slow, Rows locks, Rows indexes, Rows bloat) {
    /**
     * A table.
     *
     * @param columns their names
     * @param rows    each with a text for each column; an empty one stands for null
     */
    public record Rows(List<String> columns, List<List<String>> rows) {
        public Rows {
            columns = List.copyOf(columns);
            rows = rows.stream().map(List::copyOf).toList();
        }
    }
}
