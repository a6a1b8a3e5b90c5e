package dev.stoa.cli;

import dev.stoa.api.DatabaseInsight;
import dev.stoa.api.DatabaseInsight.Rows;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "insight",
        description = "Show what goes on in a database: slow queries, who waits for whom, indexes, dead rows.")
final class DbInsightCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
    private String name = "";

    @Option(names = "--slow", description = "Only the queries that took the most time.")
    private boolean slow;

    @Option(names = "--locks", description = "Only who waits for whom.")
    private boolean locks;

    @Option(names = "--indexes", description = "Only indexes that may be missing, and those that nobody uses.")
    private boolean indexes;

    @Option(names = "--bloat", description = "Only the tables with dead rows.")
    private boolean bloat;

    DbInsightCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        DatabaseInsight insight = session.client().get(DbCommand.path(session, name, "insight"), DatabaseInsight.class);
        boolean all = !(slow || locks || indexes || bloat);
        session.terminal().show(insight, () -> {
            part(all || slow, "Queries that took the most time", insight.slow());
            part(all || locks, "Who waits for whom", insight.locks());
            part(all || indexes, "Indexes", insight.indexes());
            part(all || bloat, "Dead rows", insight.bloat());
        });
        return 0;
    }

    private void part(boolean wanted, String title, Rows rows) {
        if (!wanted) {
            return;
        }
        Terminal terminal = session.terminal();
        terminal.line(terminal.paint(Terminal.Colour.BOLD, title));
        if (rows.rows().isEmpty()) {
            terminal.line("nothing to say");
        } else {
            Table table = new Table(rows.columns().toArray(new String[0]));
            rows.rows().forEach(row -> table.row(row.toArray(new String[0])));
            table.print(terminal);
        }
        terminal.line("");
    }
}
