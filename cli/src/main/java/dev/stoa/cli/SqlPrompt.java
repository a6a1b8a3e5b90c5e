package dev.stoa.cli;

import dev.stoa.api.DatabaseRequests.Sql;
import dev.stoa.api.DatabaseRequests.SqlAnswer;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A small prompt for SQL, for where psql is not: statements up to their semicolon, tables, {@code \dt \d \q}. */
final class SqlPrompt {
    private static final String GAP = " | ";

    private final Session session;
    private final Function<String, String> path;
    private final String name = UUID.randomUUID().toString();

    /** @param path of something of the database in the API */
    SqlPrompt(Session session, Function<String, String> path) {
        this.session = session;
        this.path = path;
    }

    /** Reads to the end of the input, or to {@code \q}. What goes wrong is said, and the next statement is read. */
    int converse(String database) {
        Terminal terminal = session.terminal();
        boolean watched = terminal.typed();
        if (watched) {
            terminal.note("%s. A statement ends with ; and \\q ends all: \\dt lists the tables, \\d NAME shows one."
                    .formatted(database));
        }
        SqlText text = new SqlText();
        boolean failed = false;
        BufferedReader in = new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8));
        try {
            while (true) {
                if (watched) {
                    terminal.prompt(text.isEmpty() ? database + "=> " : database + "-> ");
                }
                String line = in.readLine();
                if (line == null || (text.isEmpty() && line.strip().equals("\\q"))) {
                    break;
                }
                List<String> statements =
                        text.isEmpty() && line.strip().startsWith("\\") ? List.of(line.strip()) : text.add(line);
                for (String statement : statements) {
                    failed |= !run(statement);
                }
            }
            String rest = text.rest();
            if (!rest.isEmpty() && !watched) {
                failed |= !run(rest);
            }
            return failed && !watched ? 1 : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            end();
        }
    }

    /** One piece of SQL, whose end is the command's own. */
    int once(String sql) {
        try {
            show(ask(sql));
            return 0;
        } finally {
            end();
        }
    }

    private boolean run(String statement) {
        try {
            show(ask(statement));
            return true;
        } catch (StoaException e) {
            if (e.code() != ErrorCode.BAD_REQUEST) {
                throw e;
            }
            session.terminal().note(e.message());
            return false;
        }
    }

    private SqlAnswer ask(String sql) {
        return session.client().post(path.apply("sql"), new Sql(name, sql), SqlAnswer.class);
    }

    private void end() {
        session.client().delete(path.apply("sql/" + name));
    }

    private void show(SqlAnswer answer) {
        session.terminal().show(answer, () -> lines(answer).forEach(session.terminal()::line));
    }

    static List<String> lines(SqlAnswer answer) {
        List<String> lines = new ArrayList<>();
        if (!answer.columns().isEmpty()) {
            List<Integer> widths = new ArrayList<>();
            for (int i = 0; i < answer.columns().size(); i++) {
                int column = i;
                widths.add(Math.max(
                        answer.columns().get(i).length(),
                        answer.rows().stream()
                                .mapToInt(row -> cell(row.get(column)).length())
                                .max()
                                .orElse(0)));
            }
            lines.add(line(answer.columns(), widths));
            lines.add(widths.stream().map(width -> "-".repeat(width + 2)).collect(Collectors.joining("+")));
            answer.rows()
                    .forEach(row ->
                            lines.add(line(row.stream().map(SqlPrompt::cell).toList(), widths)));
        }
        lines.add(answer.more() ? answer.tag() + ", and there are more" : answer.tag());
        return lines;
    }

    private static String cell(Optional<String> value) {
        return value.orElse("").replace("\n", "\\n").replace("\u001b", "\\e");
    }

    private static String line(List<String> cells, List<Integer> widths) {
        List<String> padded = new ArrayList<>();
        for (int i = 0; i < cells.size(); i++) {
            padded.add(cells.get(i)
                    + " ".repeat(Math.max(0, widths.get(i) - cells.get(i).length())));
        }
        return (" " + String.join(GAP, padded)).stripTrailing();
    }
}
